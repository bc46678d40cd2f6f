package io.github.gpt2server.constraint;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.constraint.json.Validator;
import io.github.gpt2server.constraint.token.TokenCursor;
import io.github.gpt2server.constraint.token.Vocabularies;
import io.github.gpt2server.testing.OneCore;
import java.io.ByteArrayOutputStream;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Texts written by random tokens of GPT-2's vocabulary, checked by independent libraries. */
@OneCore
class GeneratedTextsIT {
  private static final int TEXTS = 250;
  private static final int MOST_TOKENS = 400;

  /** Random numbers, of which each row takes some in a row. */
  private static final float[] NUMBERS = new float[1 << 20];

  static {
    Random random = new Random(1);
    for (int i = 0; i < NUMBERS.length; i++) {
      NUMBERS[i] = random.nextFloat();
    }
  }

  private final CompiledConstraints constraints = new CompiledConstraints(Vocabularies.gpt2());

  // The validator knows which top-level domains there are.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'object','properties':{'name':{'type':'string','minLength':1,'maxLength':12},"
            + "'age':{'type':'integer','minimum':0,'maximum':150},'ok':{'type':'boolean'},"
            + "'tags':{'type':'array','items':{'type':'string','maxLength':5},'maxItems':3}},"
            + "'required':['name','age']}",
        "{'type':'object','properties':{'at':{'type':'string','format':'date-time'},"
            + "'id':{'type':'string','format':'uuid'},'ip':{'type':'string','format':'ipv4'},"
            + "'mail':{'type':'string','format':'email','pattern':'[.]com$'},'day':{'type':'string','format':'date'}},"
            + "'required':['at','id','ip','mail','day'],'additionalProperties':false}",
        "{'type':'array','items':{'type':'number','minimum':-3.25,'exclusiveMaximum':1234.5},"
            + "'minItems':2,'maxItems':6}",
        "{'type':'string','pattern':'^[A-Z][a-zé]{2,9}( [0-9]+)?$','maxLength':12}",
        "{'type':'string','pattern':'b.d','minLength':5,'maxLength':9}",
        "{'$ref':'#/$defs/t','$defs':{'t':{'type':'object','properties':{'v':{'enum':['€',1,null]},"
            + "'l':{'$ref':'#/$defs/t'},'r':{'$ref':'#/$defs/t'}},'required':['v'],"
            + "'additionalProperties':false}}}",
        "{'anyOf':[{'type':'null'},{'const':{'a':[1,{'b':'\\n'}]}},{'type':'object',"
            + "'additionalProperties':{'type':'integer','exclusiveMinimum':-100,'maximum':7}}]}",
        "{'oneOf':[{'type':'object','properties':{'kind':{'const':'x'},'n':{'type':'integer'}},"
            + "'required':['kind','n']},{'type':'object','properties':{'kind':{'const':'y'}},"
            + "'required':['kind']}]}",
        "{'type':'array','prefixItems':[{'type':'string','maxLength':3},{'type':'number'}],"
            + "'items':{'type':'boolean'},'minItems':2,'maxItems':5}",
        "{}"
      })
  void documentsAreValid(String quoted) {
    String schema = quoted.replace('\'', '"');
    Validator validator = new Validator(schema);
    Random random = new Random(schema.hashCode());
    int complete = 0;
    for (int i = 0; i < TEXTS; i++) {
      String text = generate(new Constraint.Schema(schema), random);
      if (text != null) {
        complete++;
        assertThat(validator.accepts(text)).as("%s for %s", text, schema).isTrue();
      }
    }
    assertThat(complete).as(schema).isGreaterThan(TEXTS * 9 / 10);
  }

  @Test
  void anyObjectIsAnObject() {
    Random random = new Random(4);
    int complete = 0;
    for (int i = 0; i < TEXTS; i++) {
      String text = generate(new Constraint.AnyObject(), random);
      if (text != null) {
        complete++;
        JsonNode value = JsonMapper.shared().readTree(text);
        assertThat(value.isObject()).as(text).isTrue();
      }
    }
    assertThat(complete).isGreaterThan(TEXTS * 9 / 10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[0-9]{3}-[0-9]{4}",
        "(yes|no|maybe), [^\\n]{1,30}\\.",
        "\\p{Lu}\\p{Ll}+( \\p{Lu}\\p{Ll}+){0,3}",
        "[日本語€é]{1,8}",
        "\\d+(\\.\\d{1,2})?|none"
      })
  void textsMatch(String pattern) {
    Pattern expected = Pattern.compile(pattern);
    Random random = new Random(pattern.hashCode());
    int complete = 0;
    for (int i = 0; i < TEXTS; i++) {
      String text = generate(new Constraint.Regex(pattern), random);
      if (text != null) {
        complete++;
        assertThat(expected.matcher(text).matches()).as("%s and %s", text, pattern).isTrue();
      }
    }
    assertThat(complete).as(pattern).isGreaterThan(TEXTS * 9 / 10);
  }

  /**
   * A text of random tokens, short ones and the end a little likelier; null if it does not end
   * soon.
   */
  private String generate(Constraint constraint, Random random) {
    int[] ends = {Vocabularies.END};
    TokenCursor cursor = new TokenCursor(constraints.get(constraint, () -> {}), ends);
    FloatBuffer logits = FloatBuffer.allocate(Vocabularies.gpt2().size());
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    List<Integer> closing = List.of(1, 92, 60);
    for (int i = 0; i < MOST_TOKENS && !cursor.complete(); i++) {
      logits.put(0, NUMBERS, random.nextInt(NUMBERS.length - logits.limit()), logits.limit());
      // The quotation mark and the closing brackets.
      closing.forEach(token -> logits.put(token, random.nextFloat() + 0.5f));
      logits.put(Vocabularies.END, random.nextFloat() + 0.9f);
      cursor.exclude(logits);
      int best = 0;
      for (int token = 1; token < logits.limit(); token++) {
        best = logits.get(token) > logits.get(best) ? token : best;
      }
      if (best == Vocabularies.END) {
        return text.toString(UTF_8);
      }
      cursor.accept(best);
      text.writeBytes(Vocabularies.gpt2Bytes(best));
    }
    return cursor.complete() ? text.toString(UTF_8) : null;
  }
}
