package io.github.gpt2server.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Templates that would take time or memory without end are refused after a counted effort. */
class HostileTemplateTest {
  private static final String STEPS = "it does more than 1000000 steps";
  private static final String CHARACTERS =
      "it makes texts and lists of more than 1048576 characters";
  private static final String DEPTH = "its calls or values are nested more than 100 deep";

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      textBlock =
          """
          {% set l = range(999) %}{% for a in l %}{% for b in l %}{% for c in l %}{% endfor %}{% endfor %}{% endfor %} => STEPS
          {% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }} => DEPTH
          {% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }} => STEPS
          {% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}{% endcall %}{% endmacro %}{{ g() }} => DEPTH
          {{ 'a' * 10 ** 9 }} => STEPS
          {{ 'a' * 2000000 }} => CHARACTERS
          {% set n = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %} => CHARACTERS
          {% set n = namespace(s='aaaaaaaa') %}{% for i in range(60) %}{% set n.s = n.s | replace('a', 'aa') %}{% endfor %} => CHARACTERS
          {% set n = namespace(s=[]) %}{% for i in range(60) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }} => STEPS
          {% set n = namespace(s=[], t=[]) %}{% for i in range(60) %}{% set n.s = [n.s, n.s] %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.s == n.t }} => STEPS
          {% set n = namespace(s=[]) %}{% for i in range(9999) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s }} => DEPTH
          {% set n = namespace(s=[]) %}{% for i in range(9999) %}{% set n.s = [n.s] %}{% endfor %}{{ n.s | tojson }} => DEPTH
          {% set s = 'a' * 9999 %}{% set t = s ~ 'b' %}{% set s = s * 2 %}{% for i in range(9999) %}{% if t in s %}{% endif %}{% endfor %} => STEPS
          {% set s = 'a' * 99999 %}{% for i in range(9999) %}{% set x = s[1:] %}{% endfor %} => CHARACTERS
          {% set l = range(99999) %}{% for i in range(999) %}{{ -1 in l }}{% endfor %} => STEPS
          {{ range(9999) | unique | list | length }} => STEPS
          {{ range(100001) | length }} => a range has more than 100000 numbers
          {{ 10 ** 10 ** 10 }} => a number of '**' has no value of 64 bits
          {{ 'a' | indent(10 ** 9, true) }} => STEPS
          {{ [1] | tojson(indent=10 ** 9) }} => STEPS
          {{ range(9999) | join('a' * 9999) }} => CHARACTERS
          """)
  void isRefused(String template, String reason) {
    String message =
        switch (reason) {
          case "STEPS" -> STEPS;
          case "CHARACTERS" -> CHARACTERS;
          case "DEPTH" -> DEPTH;
          default -> reason;
        };
    Template parsed = Template.parse(template);

    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> parsed.render(Map.of(), RenderLimits.of(0), Clock.systemUTC()))
        .withMessage(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " => ",
      textBlock =
          """
          {{ LEFT1RIGHT }} => ( => ) => tags or expressions are nested more than 100 deep
          {{ LEFT1RIGHT }} => [ => ] => tags or expressions are nested more than 100 deep
          {{ LEFT1RIGHT }} => - =>  => tags or expressions are nested more than 100 deep
          {{ LEFTnot1RIGHT }} => not not =>  => tags or expressions are nested more than 100 deep
          LEFTRIGHT => {% if 1 %} => {% endif %} => tags or expressions are nested more than 100 deep
          {{ 1RIGHT }} =>  => +1 => an expression has more than 500 operators in a row
          {{ xRIGHT }} =>  => .a => an expression has more than 500 operators in a row
          {{ xRIGHT }} =>  => |trim => an expression has more than 500 operators in a row
          {{ 1RIGHT }} =>  => `if 1` => an expression has more than 500 operators in a row
          """)
  void depthIsBoundedWhileParsing(String template, String left, String right, String problem) {
    String many =
        template
            .replace("LEFT", left == null ? "" : (left + " ").repeat(9999))
            .replace("RIGHT", right == null ? "" : (" " + right.replace("`", "")).repeat(9999));

    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> Template.parse(many))
        .withMessage("line 1: " + problem);
  }

  @Test
  void aLongTemplateIsNotRead() {
    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> Template.parse("a".repeat(Template.MAX_CHARACTERS + 1)))
        .withMessage("it has more than 262144 characters");
  }

  @Test
  void longMessagesMayBeCopiedSeveralTimes() {
    String content = "a".repeat(2_000_000);
    Template template =
        Template.parse("{% set x = content | trim %}{{ 'u: ' + x.strip() }}{{ '' ~ x }}");

    String text =
        template.render(
            Map.of("content", content), RenderLimits.of(content.length()), Clock.systemUTC());

    assertThat(text).hasSize(2 * content.length() + 3);
  }
}
