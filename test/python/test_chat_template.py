# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Chat templates render as in transformers, and cannot leave the sandbox."""

import re

import pytest
from transformers.utils.chat_template_utils import render_jinja_template

import qeff
from qeff import chat_template

CONVERSATION = [
    {"role": "system", "content": "  Be brief. "},
    {"role": "user", "content": 'Say <b>"hi"</b> & ü\n'},
    {
        "role": "assistant",
        "content": "Hi",
        "reasoning": "easy",
        "tool_calls": [{"name": "f", "arguments": {"x": [1, 2.5, None, True]}}],
    },
    {"role": "user", "content": [{"type": "text", "text": "and more"}]},
]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]

TEMPLATES = {
    "chatml": (
        "{% for message in messages %}\n"
        "    {{- '<|im_start|>' + message.role }}\n"
        "{% if message.content is string %}{{ message.content | trim }}"
        "{% else %}{{ message.content[0].text }}{% endif %}<|im_end|>\n"
        "{% endfor %}\n"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "tojson": (
        "{{ tools | tojson }}|{{ tools | tojson(indent=2) }}|"
        "{{ messages | tojson }}|{{ 'é<&' | tojson }}"
    ),
    "namespace": (
        "{% set ns = namespace(n=0, last='') %}{% for m in messages %}"
        "{% set ns.n = ns.n + 1 %}{% if m.role == 'user' %}"
        "{% set ns.last = m.content %}{% endif %}{% endfor %}"
        "{{ ns.n }} {{ ns.last }} {{ dict(a=1) }} {{ namespace(self=1) }}"
    ),
    "loopcontrols": (
        "{% for m in messages %}{% if loop.index0 == 1 %}{% continue %}"
        "{% endif %}{% if loop.last %}{% break %}{% endif %}"
        "{{ m.role }},{% endfor %}"
    ),
    "generation": (
        "{% for m in messages %}{% if m.role == 'assistant' %}"
        "{% generation %}{{ m.content }}{{ loop.index }}{% endgeneration %}"
        "{% else %}{{ m.role }}{% endif %}{% endfor %}"
    ),
    "reasoning": (
        "{% for m in messages %}{{ m.reasoning_content }}/{{ m.thinking }};"
        "{% endfor %}"
    ),
    "macro": (
        "{%- macro show(m, deep=false) -%}[{{ m.role }}"
        "{%- if deep %}:{{ m.content }}{% endif %}]{%- endmacro -%}\n"
        "  {# a comment #}\n"
        "{{ show(messages[0], true) }}{{ show(messages[1]) }}\n"
    ),
    "variables": (
        "{{ bos_token }}{{ eos_token }}{{ undefined_thing }}"
        "{{ enable_thinking is defined and enable_thinking }}{{ date }}"
    ),
    "slices": (
        "{{ messages[::-1] | map(attribute='role') | join(',') }}"
        "{{ messages[1:] | selectattr('role', 'equalto', 'user') | list "
        "| length }}{{ 'a b'.split(' ')[0] }}{{ '%05.1f' | format(3.14159) }}"
    ),
}


@pytest.mark.parametrize("generation", [False, True])
@pytest.mark.parametrize("name", TEMPLATES)
def test_equals_transformers(name, generation):
    variables = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "enable_thinking": False,
        "date": "2024",
    }
    theirs, _ = render_jinja_template(
        [CONVERSATION],
        tools=TOOLS,
        chat_template=TEMPLATES[name],
        add_generation_prompt=generation,
        **variables,
    )
    ours = chat_template.render(
        TEMPLATES[name],
        CONVERSATION,
        tools=TOOLS,
        add_generation_prompt=generation,
        **variables,
    )
    assert ours == theirs[0]
    assert ours.strip()


def test_strftime_now():
    text = chat_template.render("{{ strftime_now('%d %b %Y') }}", CONVERSATION)
    assert re.fullmatch(r"\d\d \w{3} \d{4}", text)


@pytest.mark.parametrize(
    "template, message",
    [
        ("{{ raise_exception('roles must alternate') }}", "roles must altern"),
        ("{% for %}", "chat template, line 1: "),
        ("a\n\n{% if x %}", "chat template, line 3: "),
        ("{{ messages.__class__.__mro__ }}", "left the sandbox"),
        ("{{ ''.__class__.__base__.__subclasses__() }}", "left the sandbox"),
        ("{% set ns = namespace(_x=1) %}", "left the sandbox"),
        ("{{ messages.append(1) }}", "left the sandbox"),
        ("{{ 1 + 'a' }}", "chat template: TypeError"),
        ("{{ messages[0].content.nope.more }}", "chat template: "),
        ("{{ 1 / 0 }}", "chat template: ZeroDivisionError"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "chat template: "),
        ("{% include 'x' %}", "chat template: "),
    ],
)
def test_templates_that_fail(template, message):
    with pytest.raises(qeff.Error, match=message):
        chat_template.render(template, CONVERSATION)


@pytest.mark.parametrize(
    "conversation, message",
    [
        ([], "expects at least one message"),
        (["hi"], "expects message 0 to be a mapping .* got str"),
    ],
)
def test_conversations_that_fail(conversation, message):
    with pytest.raises(qeff.Error, match=message):
        chat_template.render("x", conversation)
