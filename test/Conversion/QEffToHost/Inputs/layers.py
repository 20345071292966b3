# Prints a canonical Llama with as many layers as the first argument says. The
# weights go to the file that a second argument names: f32, pseudo-random.
import array
import random
import sys

C, F, V, H, G, D = 64, 128, 96, 4, 2, 16

layers = int(sys.argv[1])
offset = 0
weights = []
body = []


def weight(name, *shape):
    global offset
    size = 4
    for n in shape:
        size *= n
    t = f"tensor<{'x'.join(map(str, shape))}xf32>"
    weights.append(f'  qeff.weight "private" @"{name}" file(@shard) '
                   f'{{offset = {offset} : i64, scope = "{name}"}} : {t}')
    offset += size
    body.append(f'    %{name.replace(".", "_")} = qeff.weight_ref @"{name}" : {t}')
    return f'%{name.replace(".", "_")}', t


def act(n):
    return f"tensor<?x?x{n}xf32>"


def heads(h):
    return f"tensor<?x{h}x?x{D}xf32>"


def linear(out, x, k, n, name):
    w, t = weight(name + ".weight", n, k)
    body.append(f'    {out} = qeff.linear {x}, {w} scope("{name}") : '
                f'({act(k)}, {t}) -> {act(n)}')


def norm(out, x, name):
    w, t = weight(name + ".weight", C)
    body.append(f'    {out} = qeff.rms_norm {x}, {w} scope("{name}") '
                f'{{eps = 1.0e-5 : f64}} : {act(C)}, {t}')


w, t = weight("embed_tokens.weight", V, C)
body.append(f'    %x0 = qeff.embedding %ids, {w} scope("embed_tokens") : '
            f'(tensor<?x?xi64>, {t}) -> {act(C)}')
rope = ('{max_position = 64 : i64, rotary_dim = 16 : i64, style = '
        '#qeff.rope_style<half>, theta = 1.0e4 : f64}')
for i in range(layers):
    p = f"layers.{i}."
    norm(f"%n{i}", f"%x{i}", p + "input_layernorm")
    for name, h in (("q", H), ("k", G), ("v", G)):
        linear(f"%{name}{i}", f"%n{i}", C, h * D, f"{p}self_attn.{name}_proj")
        body.append(f"    %{name}h{i} = qeff.split_heads %{name}{i} : "
                    f"{act(h * D)} -> {heads(h)}")
        if name != "v":
            body.append(f"    %{name}r{i} = qeff.rope %{name}h{i}, %pos {rope} "
                        f": {heads(h)}, tensor<?x?xi64>")
    body.append(
        f'    %a{i} = qeff.attention %qr{i}, %kr{i}, %vh{i}, %pos, %pos '
        f'scope("{p}self_attn") {{causal, scale = 0.25 : f64}} : ({heads(H)}, '
        f'{heads(G)}, {heads(G)}, tensor<?x?xi64>, tensor<?x?xi64>) -> {heads(H)}')
    body.append(f"    %m{i} = qeff.merge_heads %a{i} : {heads(H)} -> {act(C)}")
    linear(f"%o{i}", f"%m{i}", C, C, p + "self_attn.o_proj")
    body.append(f"    %y{i} = qeff.add %x{i}, %o{i} : {act(C)}")
    norm(f"%p{i}", f"%y{i}", p + "post_attention_layernorm")
    linear(f"%g{i}", f"%p{i}", C, F, p + "mlp.gate_proj")
    linear(f"%u{i}", f"%p{i}", C, F, p + "mlp.up_proj")
    body.append(f"    %h{i} = qeff.gate %g{i}, %u{i} scope(\"{p}mlp\") "
                f"{{kind = #qeff.activation<silu>}} : {act(F)}")
    linear(f"%d{i}", f"%h{i}", F, C, p + "mlp.down_proj")
    body.append(f"    %x{i + 1} = qeff.add %y{i}, %d{i} : {act(C)}")
norm("%f", f"%x{layers}", "norm")
linear("%logits", "%f", C, V, "lm_head")

if len(sys.argv) > 2:
    generator = random.Random(7)
    values = array.array(
        "f", (generator.gauss(0.0, 0.6) for _ in range(offset // 4)))
    with open(sys.argv[2], "wb") as file:
        values.tofile(file)

dims = "qeff.dims = [@batch_size, @seq_len"
print(f'''module attributes {{qeff.phase = #qeff.phase<canonical>, qeff.architecture = "LlamaForCausalLM", qeff.max_position = 64 : i64, qeff.eos_token_ids = array<i64: 2>}} {{
  qeff.dim @batch_size
  qeff.dim @seq_len {{max = 64 : i64}}
  qeff.file "private" @shard "weights.f32" {{root = "model", size = {offset} : i64}}''')
print("\n".join(weights))
print(f'''  func.func @main(
      %ids: tensor<?x?xi64> {{qeff.name = "input_ids", {dims}]}},
      %pos: tensor<?x?xi64> {{qeff.name = "position_ids", {dims}]}})
      -> ({act(V)} {{qeff.name = "logits", {dims}, {V}]}}) {{''')
print("\n".join(body))
print(f"    return %logits : {act(V)}\n  }}\n}}")
