package io.github.gpt2server.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The templates of well-known models, rendered as {@code apply_chat_template} renders them. */
class ChatTemplatesTest {
  private static final Map<String, Object> SYSTEM = message("system", " Be kind. ");
  private static final Map<String, Object> QUESTION = message("user", "Hi {{ 7 * 7 }} ");
  private static final Map<String, Object> ANSWER = message("assistant", "Hello!");
  private static final Map<String, Object> NEXT = message("user", "Why?");

  private static final String DIALOGPT =
      "{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}";

  private static final String CHATML =
      "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content']"
          + " + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}"
          + "{{ '<|im_start|>assistant\\n' }}{% endif %}";

  private static final String ZEPHYR =
      """
      {% for message in messages %}
      {% if message['role'] == 'user' %}
      {{ '<|user|>\\n' + message['content'] + eos_token }}
      {% elif message['role'] == 'system' %}
      {{ '<|system|>\\n' + message['content'] + eos_token }}
      {% elif message['role'] == 'assistant' %}
      {{ '<|assistant|>\\n'  + message['content'] + eos_token }}
      {% endif %}
      {% if loop.last and add_generation_prompt %}
      {{ '<|assistant|>' }}
      {% endif %}
      {% endfor %}""";

  private static final String LLAMA2 =
      "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set"
          + " system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages"
          + " %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if"
          + " (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception("
          + "'Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
          + "{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' +"
          + " system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content ="
          + " message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token +"
          + " '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
          + "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";

  /** With what newer templates use: namespaces, reversed lists, filters, generation, tojson. */
  private static final String NEWER =
      """
      {%- set ns = namespace(last_query=-1) %}
      {%- for message in messages[::-1] %}
          {%- set index = (messages | length - 1) - loop.index0 %}
          {%- if ns.last_query < 0 and message.role == "user" %}
              {%- set ns.last_query = index %}
          {%- endif %}
      {%- endfor %}
      {%- if tools is defined and tools %}
          {{- tools | tojson(indent=4) }}
      {%- endif %}
      {%- for message in messages %}
          {%- set content = message.content if message.content is string else '' %}
          {%- if message.role in ['user', 'system'] %}
              {{- '<|' + message.role + '|>' + content | trim + '\\n' }}
          {%- elif message.role == 'assistant' %}
              {%- generation %}
              {{- content.split('</think>')[-1].lstrip('\\n') + eos_token }}
              {%- endgeneration %}
          {%- else %}
              {{- raise_exception('Unexpected role: ' ~ message.role) }}
          {%- endif %}
      {%- endfor %}
      {%- if add_generation_prompt %}
          {{- '<|assistant|>' ~ ns.last_query }}
      {%- endif %}
      """;

  @Test
  void dialogpt() {
    assertThat(render(DIALOGPT, true, List.of(QUESTION, ANSWER, NEXT)))
        .isEqualTo("Hi {{ 7 * 7 }} </s>Hello!</s>Why?</s>");
  }

  @Test
  void chatml() {
    assertThat(render(CHATML, true, List.of(SYSTEM, QUESTION)))
        .isEqualTo(
            """
            <|im_start|>system
             Be kind. <|im_end|>
            <|im_start|>user
            Hi {{ 7 * 7 }} <|im_end|>
            <|im_start|>assistant
            """);
    assertThat(render(CHATML, false, List.of(QUESTION)))
        .isEqualTo("<|im_start|>user\nHi {{ 7 * 7 }} <|im_end|>\n");
  }

  @Test
  void zephyr() {
    assertThat(render(ZEPHYR, true, List.of(SYSTEM, QUESTION, ANSWER, NEXT)))
        .isEqualTo(
            """
            <|system|>
             Be kind. </s>
            <|user|>
            Hi {{ 7 * 7 }} </s>
            <|assistant|>
            Hello!</s>
            <|user|>
            Why?</s>
            <|assistant|>
            """);
  }

  @Test
  void llama2() {
    assertThat(render(LLAMA2, false, List.of(SYSTEM, QUESTION, ANSWER, NEXT)))
        .isEqualTo(
            "<s>[INST] <<SYS>>\n Be kind. \n<</SYS>>\n\nHi {{ 7 * 7 }} [/INST] Hello! </s>"
                + "<s>[INST] Why? [/INST]");
    assertThatExceptionOfType(TemplateRefusalException.class)
        .isThrownBy(() -> render(LLAMA2, false, List.of(QUESTION, NEXT)))
        .withMessage("Conversation roles must alternate user/assistant/user/assistant/...");
  }

  @Test
  void newerOnes() {
    assertThat(
            render(
                NEWER,
                true,
                List.of(SYSTEM, QUESTION, message("assistant", "hm</think>\nYes"), NEXT)))
        .isEqualTo(
            "<|system|>Be kind.\n<|user|>Hi {{ 7 * 7 }}\nYes</s><|user|>Why?\n<|assistant|>3");
    assertThatExceptionOfType(TemplateRefusalException.class)
        .isThrownBy(() -> render(NEWER, false, List.of(message("critic", "No"))))
        .withMessage("Unexpected role: critic");
  }

  private static Map<String, Object> message(String role, String content) {
    return Map.of("role", role, "content", content);
  }

  private static String render(
      String template, boolean addGenerationPrompt, List<Map<String, Object>> messages) {
    return Template.parse(template)
        .render(
            Map.of(
                "messages",
                messages,
                "add_generation_prompt",
                addGenerationPrompt,
                "bos_token",
                "<s>",
                "eos_token",
                "</s>"),
            RenderLimits.of(100),
            Clock.systemUTC());
  }
}
