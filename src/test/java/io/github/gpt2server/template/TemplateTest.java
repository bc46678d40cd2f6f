package io.github.gpt2server.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values are those of Jinja2 as Hugging Face transformers sets it up. */
class TemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-05T14:07:09Z"), ZoneOffset.UTC);

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      textBlock =
          """
          {{ true }} {{ False }} {{ none }} => True False None
          {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 2 ** 10 }} {{ 4 / 2 }} => 3.5 3 -4 2 1024 2.0
          {{ 1e16 }} {{ 1e15 }} {{ 0.0001 }} {{ 1.5e-7 }} {{ 0.1 + 0.2 }} => 1e+16 1000000000000000.0 0.0001 1.5e-07 0.30000000000000004
          {{ 2 + 3 * 4 }} {{ (2 + 3) * 4 }} {{ 2 ~ 3 * 4 }} {{ -2 ** 2 }} => 14 20 212 4
          {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ '1' == 1 }} {{ true == 1 }} => True False True False True
          {{ 'a' ~ 1 ~ none ~ true }} {{ 'a' 'b' }} {{ 'ab' * 2 }} => a1NoneTrue ab abab
          {{ 1 or 2 }} {{ 0 or '' or 'x' }} {{ 1 and 2 }} {{ not 0 }} {{ not 'a' in 'abc' }} => 1 x 2 True False
          {{ 'x' if none else 'y' }} {{ 'x' if false }}| {{ 1 if 0 else 2 if 0 else 3 }} => y | 3
          {{ [1, 'a', none, 1.5] }} {{ (1, 2)[1] }} {{ {'a': 1, 'b': [true]} }} => [1, 'a', None, 1.5] 2 {'a': 1, 'b': [True]}
          {{ "it's" }} {{ ["it's", 'q"', 'n\\n'] }} => it's ["it's", 'q"', 'n\\n']
          {{ 'a\\tb\\x41\\u00e9\\q' }} => a\tbAé\\q
          {{ s[0] }}{{ s[-1] }} {{ s[1:3] }} {{ s[::-1] }} {{ s[:-1] }} {{ s[-2:] }} {{ s[::2] }} => ho el olleh hell lo hlo
          {{ l[0] }} {{ l[-1] }} {{ l[1:] }} {{ l[::-1] }} {{ l.0 }} {{ l[9] }}| => 1 3 [2, 3] [3, 2, 1] 1 |
          {{ '😀é'[0] }} {{ '😀é' | length }} {{ '😀é'[1:] }} => 😀 2 é
          {{ m.a }} {{ m['a'] }} {{ m.get('b') }} {{ m.get('b', 7) }} {{ m.b is defined }} {{ m.b }}| => 1 1 None 7 False |
          {{ m['items'] }} {% for k, v in m.items() %}{{ k }}={{ v }};{% endfor %} {{ m.keys() }} {{ m.values() }} => x a=1;items=x; ['a', 'items'] [1, 'x']
          {{ 'a' in m }} {{ 'c' not in m }} {{ 2 in l }} {{ 'ell' in s }} => True True True True
          {{ '  x y '.strip() }}| {{ 'xxaxx'.strip('x') }} {{ ' a'.lstrip() }} {{ 'a '.rstrip() }}| => x y| a a a|
          {{ 'a,b,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} => ['a', 'b', 'c'] ['a', 'b'] ['a', 'b,c'] ['a,b', 'c']
          {{ 'ab'.startswith('a') }} {{ 'ab'.endswith(('x', 'b')) }} {{ 'aXb'.lower() }} {{ 'the CAT'.title() }} {{ 'the CAT'.capitalize() }} => True True axb The Cat The cat
          {{ 'aaa'.replace('a', 'b', 2) }} {{ 'abcb'.find('b') }} {{ 'abcb'.rfind('b') }} {{ 'aba'.count('a') }} {{ '-'.join(['a', 'b']) }} => bba 1 3 2 a-b
          {{ 'a<x>b'.partition('<x>') }} {{ 'pre.x'.removeprefix('pre.') }} {{ 'a\\nb'.splitlines() }} => ['a', '<x>', 'b'] x ['a', 'b']
          {{ l | join(', ') }} {{ l | first }} {{ l | last }} {{ l | length }} {{ l | sum }} {{ l | max }} {{ l | reverse | list }} => 1, 2, 3 1 3 3 6 3 [3, 2, 1]
          {{ ' x ' | trim }}| {{ 'a' | upper }} {{ 'b a' | replace(' ', '-') }} {{ 'x' | default('d') }} {{ u | default('d') }} {{ '' | d('e', true) }} => x| A b-a x d e
          {{ rows | map(attribute='n') | list }} {{ rows | selectattr('n', 'equalto', 2) | map(attribute='s') | first }} => [1, 2] b
          {{ rows | rejectattr('n', '>', 1) | list | length }} {{ l | select('odd') | list }} {{ ['a'] | map('upper') | list }} {{ rows | sum(attribute='n') }} => 1 [1, 3] ['A'] 3
          {{ [3, 1, 2] | sort }} {{ ['b', 'A'] | sort }} {{ ['b', 'a', 'B'] | unique | list }} {{ {'b': 1, 'a': 2} | dictsort }} => [1, 2, 3] ['A', 'b'] ['b', 'a'] [['a', 2], ['b', 1]]
          {{ '3' | int }} {{ 'x' | int }} {{ '2.5' | float }} {{ 3.7 | int }} {{ -2 | abs }} {{ 2.567 | round(2) }} {{ 5 | string }} => 3 0 2.5 3 2 2.57 5
          {{ 'a\\nb' | indent(2) }} {{ '<a>' | e }} => a⏎  b &lt;a&gt;
          {{ m | tojson }} {{ 'é"\\n</s>' | tojson }} {{ none | tojson }} => {"a": 1, "items": "x"} "é\\"\\n</s>" null
          {{ [1, {'a': []}] | tojson(indent=2) }} => [⏎  1,⏎  {⏎    "a": []⏎  }⏎]
          {{ {'b': 1, 'a': 2} | tojson(sort_keys=true, separators=(',', ':')) }} => {"a":2,"b":1}
          {{ s is string }} {{ l is iterable }} {{ m is mapping }} {{ l is sequence }} {{ 3 is number }} {{ true is boolean }} {{ none is none }} => True True True True True True True
          {{ u is undefined }} {{ s is not none }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 3 is eq 3 }} {{ 2 is in [1, 2] }} => True True True True True True
          {{ range(3) | list }} {{ range(1, 7, 3) | list }} {{ range(3, 0, -1) | list }} => [0, 1, 2] [1, 4] [3, 2, 1]
          {{ strftime_now('%d %B %Y, %H:%M:%S %a %j %%') }} => 05 March 2026, 14:07:09 Thu 064 %
          {% set x = 1 %}{% for i in l %}{% set x = i %}{% endfor %}{{ x }} => 1
          {% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }} => 6
          {% set a, b = 1, 2 %}{{ a + b }} {% set c %}x{{ a }}{% endset %}{{ c }} {% set d | upper %}y{% endset %}{{ d }} => 3 x1 Y
          {% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.last }}{{ loop.length }},{% endfor %} => 103TrueFalse3,212FalseFalse3,321FalseTrue3,
          {% for i in l %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }};{% endfor %} => <1>2;1<2>3;2<3>;
          {% for i in l if i != 2 %}{{ i }}/{{ loop.length }};{% endfor %} => 1/2;3/2;
          {% for i in [] %}x{% else %}none{% endfor %}{% for i in u %}x{% endfor %} => none
          {% for i in l %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %} {% for i in l %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %} => 13 1
          {% for i in l %}{{ loop.cycle('a', 'b') }}{% for j in l %}{{ loop.depth }}{% endfor %}{% endfor %} => a222b222a222
          {% macro f(a, b='z') %}{{ a }}-{{ b }};{% endmacro %}{{ f('q') }}{{ f('q', 'r') }}{{ f(b='w', a=1) }} => q-z;q-r;1-w;
          {% macro f() %}[{{ caller() }}]{% endmacro %}{% call f() %}x{% endcall %} {% filter upper %}ab{% endfilter %} => [x] AB
          {% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }} => 3False
          {% if 0 %}a{% elif 1 %}b{% else %}c{% endif %} => b
          {% raw %}{{ x }}{% if %}{% endraw %} => {{ x }}{% if %}
          {% generation %}x{% endgeneration %}{# comment #} => x
          {{ {'a': {'b': 1}}}} => {'a': {'b': 1}}
          """)
  void valuesAreJinjas(String template, String expected) {
    assertThat(render(template.replace('⏎', '\n'))).isEqualTo(expected.replace('⏎', '\n'));
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      textBlock =
          """
          {% if true %}⏎x⏎{% endif %}⏎y => x⏎y
          `⏎  {% if true %}⏎    x⏎  {% endif %}⏎ y` => `⏎    x⏎ y`
          `a {% if true %} b {% endif %} c` => `a  b  c`
          `a⏎  {{ 1 }}⏎b` => `a⏎  1⏎b`
          `a⏎  {{- 1 -}}⏎  b` => a1b
          `a⏎ {%- if true -%} ⏎ b ⏎{%- endif -%} ⏎ c` => abc
          `a⏎  {%+ if true %}b{% endif %}` => `a⏎  b`
          `{% if true +%}⏎b{% endif %}` => ⏎b
          `a⏎  {# c #}⏎b` => `a⏎b`
          `{{ 1 }}⏎⏎` => `1⏎`
          `{{ 1 }}⏎` => 1
          `{% set x = 1 %}  {% set y = 2 %}z` => `  z`
          """)
  void whiteSpaceIsTrimmedAsTransformersDoes(String template, String expected) {
    assertThat(render(template.replace('⏎', '\n'))).isEqualTo(expected.replace('⏎', '\n'));
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      textBlock =
          """
          {{ u.a }} => 'u' is undefined
          {{ m.b.c }} => 'dict object' has no attribute 'b'
          {{ s.getClass() }} => 'str object' has no attribute 'getClass'
          {{ s.class.forName('x') }} => 'str object' has no attribute 'class'
          {{ f(1) }} => 'f' is undefined
          {{ 'a' + 1 }} => '+' cannot be applied to str and int
          {{ 1 / 0 }} => division by zero
          {{ 9223372036854775807 + 1 }} => a number of '+' has no value of 64 bits
          {{ 'a' < 1 }} => str and int cannot be compared
          {% for x in 3 %}{% endfor %} => 'int' object is not iterable
          {% for a, b in [[1]] %}{% endfor %} => 1 items cannot be assigned to 2 variables
          {{ l.append(4) }} => list.append would change a value, which a chat template may not
          {{ 'a'.strip('x', 2) }} => strip takes at most 1 arguments, but gets 2
          {{ 'a' | trim(x=1) }} => trim has no argument x
          {{ {[1]: 2} }} => unhashable type: 'list'
          {{ u | tojson }} => 'u' is undefined
          """)
  void impossibleOperationsAreErrors(String template, String message) {
    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> render(template))
        .withMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      quoteCharacter = '`',
      textBlock =
          """
          {{ 'a => line 1: a string has no closing quote
          {{ a => line 1: a tag has no '}}'
          a⏎{% if x %} => line 2: the tag 'endif' is expected, but the end of the template comes
          {% endif %} => line 1: the tag 'endif' belongs to no other
          {% for x of y %}{% endfor %} => line 1: 'in' is expected, but 'of' comes
          {{ x | nothing }} => line 1: there is no filter 'nothing'
          {{ x is nothing }} => line 1: there is no test 'nothing'
          {% include 'file' %} => line 1: the tag 'include' has no meaning in a chat template, which is a single file
          {% import 'file' as f %} => line 1: the tag 'import' has no meaning in a chat template, which is a single file
          {% nothing %} => line 1: there is no tag 'nothing'
          {% break %} => line 1: the tag 'break' is in no loop
          {{ 1 $ 2 }} => line 1: the character '$' has no meaning in a tag
          {# a => line 1: a comment has no '#}'
          """)
  void brokenTemplatesAreNotParsed(String template, String message) {
    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> Template.parse(template.replace('⏎', '\n')))
        .withMessage(message);
  }

  @Test
  void raiseExceptionRefusesTheMessages() {
    assertThatExceptionOfType(TemplateRefusalException.class)
        .isThrownBy(() -> render("{{ raise_exception('Roles must alternate') }}"))
        .withMessage("Roles must alternate");
  }

  @Test
  void whatVariablesHoldIsNeverATemplate() {
    String text =
        Template.parse("{{ x }}").render(Map.of("x", "{{ 1 }}{% if %}"), RenderLimits.of(0), CLOCK);

    assertThat(text).isEqualTo("{{ 1 }}{% if %}");
  }

  private static String render(String template) {
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("s", "hello");
    variables.put("l", Arrays.asList(1, 2, 3));
    Map<String, Object> m = new LinkedHashMap<>();
    m.put("a", 1);
    m.put("items", "x");
    variables.put("m", m);
    variables.put("rows", List.of(Map.of("n", 1, "s", "a"), Map.of("n", 2, "s", "b")));
    return Template.parse(template).render(variables, RenderLimits.of(0), CLOCK);
  }
}
