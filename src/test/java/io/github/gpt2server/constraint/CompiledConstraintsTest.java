package io.github.gpt2server.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.gpt2server.constraint.automaton.AutomatonLimits;
import io.github.gpt2server.constraint.token.TokenAutomaton;
import io.github.gpt2server.constraint.token.Vocabularies;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class CompiledConstraintsTest {
  private static final List<String> LETTERS = List.of("a", "b", "c");

  private final CompiledConstraints constraints =
      new CompiledConstraints(Vocabularies.of(LETTERS), AutomatonLimits.DEFAULT, 10_000);

  @Test
  void equalConstraintsAreCompiledOnce() {
    TokenAutomaton first = constraints.get(new Constraint.Regex("a+"), () -> {});
    assertThat(constraints.get(new Constraint.Regex("a+"), () -> {})).isSameAs(first);
    assertThat(constraints.get(new Constraint.Regex("a*"), () -> {})).isNotSameAs(first);
    assertThat(constraints.compiled()).isEqualTo(2);
  }

  @Test
  void whyOneCannotBeUsedIsRememberedToo() {
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> constraints.get(new Constraint.Regex("(a|b)*a(a|b){60}"), () -> {}))
          .isInstanceOf(ConstraintException.class)
          .hasMessage(
              "it is ambiguous in too many ways; use a simpler one, with smaller numbers of"
                  + " repetitions or lengths");
    }
    assertThat(constraints.compiled()).isEqualTo(1);
  }

  @Test
  void whatNothingSatisfiesIsRefused() {
    assertThatThrownBy(() -> constraints.get(new Constraint.Schema("false"), () -> {}))
        .isInstanceOf(ConstraintException.class)
        .hasMessage("no text satisfies it; remove what contradicts itself");
  }

  @Test
  void numbersBeyondJavasAreRefused() {
    assertThatThrownBy(
            () ->
                constraints.get(
                    new Constraint.Schema("{\"type\":\"number\",\"maximum\":1e999999999999}"),
                    () -> {}))
        .isInstanceOf(ConstraintException.class);
  }

  @Test
  void whatTheVocabularyCannotWriteIsRefused() {
    assertThatThrownBy(() -> constraints.get(new Constraint.Regex("ad"), () -> {}))
        .isInstanceOf(ConstraintException.class)
        .hasMessage("this model's vocabulary lacks characters that it needs");
    constraints.get(new Constraint.Regex("ad|ab"), () -> {});
  }

  @Test
  void theLeastRecentlyUsedAreForgotten() {
    TokenAutomaton first = constraints.get(new Constraint.Regex("a{1}"), () -> {});
    for (int i = 2; i < 30; i++) {
      constraints.get(new Constraint.Regex("a{" + i + "}"), () -> {});
      assertThat(constraints.bytes()).isLessThanOrEqualTo(10_000);
    }
    assertThat(constraints.get(new Constraint.Regex("a{1}"), () -> {})).isNotSameAs(first);
  }

  @Test
  void anEndedRequestLeavesNothingBehind() {
    Runnable ended =
        () -> {
          throw new CancellationException("ended");
        };
    assertThatThrownBy(() -> constraints.get(new Constraint.Regex("a+"), ended))
        .isInstanceOf(CancellationException.class);
    assertThat(constraints.compiled()).isZero();
    constraints.get(new Constraint.Regex("a+"), () -> {});
  }

  @Test
  void requestsAtOnceCompileOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Callable<TokenAutomaton>> calls = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        calls.add(() -> constraints.get(new Constraint.Regex("[a-c]{0,400}"), () -> {}));
      }
      TokenAutomaton first = null;
      for (Future<TokenAutomaton> result : threads.invokeAll(calls)) {
        first = first == null ? result.get() : first;
        assertThat(result.get()).isSameAs(first);
      }
      assertThat(constraints.compiled()).isEqualTo(1);
    } finally {
      threads.shutdown();
    }
  }
}
