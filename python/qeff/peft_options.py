# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The keywords of peft, transformers and QEfficient: which count here, which
change nothing, and which are refused unless they ask for what is done anyway.
"""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import Error


@dataclass(frozen=True)
class Keywords:
    """What a call knows.

    Attributes:
        honoured: what counts.
        irrelevant: what changes nothing, whatever its value.
        neutral: what is not there, with the values that ask for nothing (None
            and False always do).
    """

    honoured: frozenset[str]
    irrelevant: frozenset[str]
    neutral: Mapping[str, tuple] = field(default_factory=dict)

    def names(self) -> set[str]:
        return {*self.honoured, *self.irrelevant, *self.neutral}


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Decoding is greedy: what shapes distributions or ranks beams decides nothing.
GENERATION = Keywords(
    honoured=_names(
        """max_new_tokens max_length min_new_tokens min_length max_time
        eos_token_id pad_token_id"""
    ),
    irrelevant=_names(
        """temperature top_k top_p min_p top_h typical_p epsilon_cutoff
        eta_cutoff renormalize_logits remove_invalid_values early_stopping
        length_penalty low_memory use_cache cache_implementation cache_config
        compile_config disable_compile prefill_chunk_size bos_token_id
        decoder_start_token_id transformers_version _from_model_config
        is_assistant num_assistant_tokens num_assistant_tokens_schedule
        assistant_confidence_threshold assistant_lookbehind target_lookbehind
        assistant_early_exit assistant_temperature assistant_top_k
        assistant_top_p speculation_type spec_num_draft_tokens
        max_matching_ngram_size max_cache_len assistant_ensemble_weight
        synced_gpus token_type_ids tokenizer continuous_batching_config"""
    ),
    neutral={
        "do_sample": (),
        "num_beams": (1,),
        "num_beam_groups": (1,),
        "num_return_sequences": (1,),
        "diversity_penalty": (0.0,),
        "penalty_alpha": (0.0,),
        "repetition_penalty": (1.0,),
        "encoder_repetition_penalty": (1.0,),
        "no_repeat_ngram_size": (0,),
        "encoder_no_repeat_ngram_size": (0,),
        "exponential_decay_length_penalty": (),
        "guidance_scale": (1.0,),
        "bad_words_ids": ([],),
        "force_words_ids": ([],),
        "constraints": ([],),
        "suppress_tokens": ([],),
        "begin_suppress_tokens": ([],),
        "sequence_bias": ({},),
        "forced_bos_token_id": (),
        "forced_eos_token_id": (),
        "stop_strings": ([],),
        "token_healing": (),
        "dola_layers": (),
        "watermarking_config": (),
        "prompt_lookup_num_tokens": (),
        "use_mtp": (),
        "assistant_model": (),
        "logits_processor": ([],),
        "prefix_allowed_tokens_fn": (),
        "custom_generate": (),
        "return_dict_in_generate": (),
        "output_scores": (),
        "output_logits": (),
        "output_attentions": (),
        "output_hidden_states": (),
        "negative_prompt_ids": (),
        "negative_prompt_attention_mask": (),
        "inputs_embeds": (),
        "past_key_values": (),
        "position_ids": (),
        "lora_ids": (),
        "prompt_to_adapter_mapping": (),
    },
)

# Of `from_pretrained`: the base's weights stay in its files as they are.
LOADING = Keywords(
    honoured=_names("base_model allow_nonfinite revision cache_dir"),
    irrelevant=_names(
        """torch_dtype dtype device_map max_memory attn_implementation
        low_cpu_mem_usage use_cache use_safetensors trust_remote_code token
        local_files_only force_download proxies subfolder config is_trainable
        inference_mode torch_device autocast_adapter_dtype
        ephemeral_gpu_offload offload_folder offload_dir max_seq_len_cached
        ignore_mismatched_sizes key_mapping"""
    ),
    neutral={
        "continuous_batching": (),
        "quantization_config": (),
        "load_in_8bit": (),
        "load_in_4bit": (),
        "qaic_config": ({},),
        "layerwise": (),
    },
)

COMPILATION = Keywords(
    honoured=_names(
        """target prefill_seq_len ctx_len batch_size max_lora_rank
        allow_nonfinite num_devices num_cores mxfp6_matmul mxint8_kv_cache
        onnx_dtype host_weights mcpu threads progress note"""
    ),
    irrelevant=_names(
        """aic_num_cores aic_hw aic_hw_version aic_enable_depth_first
        aic_depth_first_mem aic_binary_dir aic_perf_metrics aic_perf_warnings
        aic_pmu_recipe aic_profiling_type allocator_dealloc_delay
        allow_mxint8_mdp_io compile_only convert_to_fp16 dynamo
        mdp_compiler_dump_path mdp_dump_partition_config
        mdp_load_partition_config mdp_num_partitions mdp_strategy mdts_mos
        mos moe_prefill_packed_chunk_size multicast_weights
        node_precision_info offload_pt_weights ols qpc_crc retain_full_kv
        retained_state split_model_io split_retained_state_io sub_functions
        use_onnx_subfunctions use_producer_dma user_tiled"""
    ),
    neutral={
        "full_batch_size": (),
        "kv_cache_batch_size": (),
        "num_speculative_tokens": (),
        "comp_ctx_lengths_prefill": (),
        "comp_ctx_lengths_decode": (),
        "prefill_only": (),
        "enable_chunking": (),
        "enable_qnn": (),
        "qnn_config": (),
        "layerwise": (),
        "specializations": (),
        "custom_io": (),
    },
)

_said: set[str] = set()


def warn(text: str) -> None:
    """A warning at the line that called the package."""
    depth = 1
    while sys._getframe(depth).f_globals.get("__package__") == __package__:
        depth += 1
    warnings.warn(text, stacklevel=depth + 1)


def warn_once(text: str) -> None:
    """The same, once in the life of the process."""
    if text not in _said:
        _said.add(text)
        warn(text)


def check_settings(values: Mapping[str, Any], keywords: Keywords) -> None:
    """Refuses names that are not among `keywords`, with `qeff.Error`, and
    with `NotImplementedError` values that ask for what is not there."""
    for name, value in values.items():
        if name in keywords.neutral:
            neutral = keywords.neutral[name]
            off = value is None or value is False
            if not off and not any(_equal(value, other) for other in neutral):
                raise NotImplementedError(
                    f"{name}={value!r:.60}: not supported" + _because(name)
                )
        elif name not in keywords.honoured | keywords.irrelevant:
            raise Error(unknown(name, keywords.names()))


def _equal(value: Any, other: Any) -> bool:
    same = isinstance(value, (int, float, list, dict)) and value == other
    return same and not isinstance(value, bool)


def _because(name: str) -> str:
    if name in ("do_sample", "num_beams", "num_beam_groups"):
        return ": decoding is greedy"
    if name in ("full_batch_size", "continuous_batching"):
        return ": continuous batching is not there"
    return ""


def warn_irrelevant(values: Iterable[str], keywords: Keywords) -> None:
    """Says of each of `values` that changes nothing that it does not."""
    for name in values:
        if name in keywords.irrelevant:
            warn_once(f"{name}: has no effect here")


def unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), 1)
    hint = f", did you mean '{near[0]}'?" if near else ""
    return f"unknown keyword '{name}'{hint}"
