# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chat templates: a conversation becomes the text that a model was tuned on.

Templates are Jinja programs that come with a model, so they run in jinja2's
sandbox, on plain data, with the few helpers that templates on the Hugging Face
hub rely on. The result equals `apply_chat_template` of transformers.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox

from .errors import Error

# What a message's reasoning may be called; the first is what templates read.
_REASONING = ("reasoning_content", "thinking", "reasoning")


class _GenerationTag(jinja2.ext.Extension):
    """`{% generation %} … {% endgeneration %}`, which marks what the assistant
    says; rendering passes the body through."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


class _PlainDict:
    """`dict` for templates, without the attributes of the type itself."""

    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)

    def fromkeys(self, *args):
        return dict.fromkeys(*args)


class _Namespace(jinja2.utils.Namespace):
    """`namespace`, without names that reach into the interpreter."""

    def __init__(*args, **kwargs):
        attributes = dict(*args[1:], **kwargs)
        for name in attributes:
            _Namespace._check(name)
        jinja2.utils.Namespace.__init__(args[0], attributes)

    def __setitem__(self, name, value):
        _Namespace._check(name)
        jinja2.utils.Namespace.__setitem__(self, name, value)

    @staticmethod
    def _check(name):
        if isinstance(name, str) and name.startswith("_"):
            raise jinja2.exceptions.SecurityError(
                f"namespace attributes must not start with '_', got {name!r}"
            )


def _raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def _to_json(
    value, ensure_ascii=False, indent=None, separators=None, sort_keys=False
):
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _strftime_now(format):
    return datetime.now().strftime(format)


@functools.lru_cache(maxsize=16)
def _compiled(template: str) -> jinja2.Template:
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[_GenerationTag, jinja2.ext.loopcontrols],
    )
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = _strftime_now
    environment.globals["dict"] = _PlainDict()
    environment.globals["namespace"] = _Namespace
    return environment.from_string(template)


def _plain(value: Any) -> Any:
    """`value` rebuilt from JSON's types; anything else is only named."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return f"<{type(value).__name__}>"


def _messages(conversation: Sequence[Mapping[str, Any]]) -> list[dict]:
    messages = []
    for index, message in enumerate(conversation):
        if not isinstance(message, Mapping):
            raise Error(
                f"expects message {index} to be a mapping with 'role' and "
                f"'content', got {type(message).__name__}"
            )
        plain = {k: v for k, v in _plain(message).items() if v is not None}
        for name in _REASONING:
            if name in plain:
                plain = {
                    "thinking": plain[name],
                    **plain,
                    "reasoning_content": plain[name],
                }
                break
        messages.append(plain)
    if not messages:
        raise Error("expects at least one message, got an empty conversation")
    return messages


def render(
    template: str,
    conversation: Sequence[Mapping[str, Any]],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    documents: Sequence[Mapping[str, Any]] | None = None,
    add_generation_prompt: bool = False,
    **variables: Any,
) -> str:
    """The text of `conversation` under `template`.

    `tools` are JSON schemas. `variables` are seen by the template by name
    (special tokens, `enable_thinking`, …). Raises `qeff.Error` for a template
    that does not parse, that refuses the conversation, or that leaves the
    sandbox.
    """
    messages = _messages(conversation)
    try:
        return _compiled(template).render(
            messages=messages,
            tools=_plain(tools),
            documents=_plain(documents),
            add_generation_prompt=add_generation_prompt,
            **_plain(variables),
        )
    except jinja2.exceptions.TemplateSyntaxError as error:
        raise Error(
            f"chat template, line {error.lineno}: {error.message}"
        ) from error
    except jinja2.exceptions.SecurityError as error:
        raise Error(f"chat template: left the sandbox: {error}") from error
    except jinja2.exceptions.TemplateError as error:
        raise Error(f"chat template: {error.message}") from error
    except (TypeError, ValueError, ArithmeticError, LookupError,
            AttributeError, RecursionError, MemoryError) as error:
        raise Error(
            f"chat template: {type(error).__name__}: {error}"
        ) from error
