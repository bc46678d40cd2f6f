package io.github.gpt2server.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChoiceRequestsTest {

  @ParameterizedTest
  @EnumSource(ChoiceRequests.Rows.class)
  void asManyRowsAreReadAsAreCounted(ChoiceRequests.Rows wanted) {
    Random random = new Random(1);
    for (int round = 0; round < 2000; round++) {
      // Few tokens, so that many choices begin alike, are equal or begin with another one.
      List<int[]> choices =
          Stream.generate(() -> random.ints(1 + random.nextInt(5), 0, 2).toArray())
              .limit(1 + random.nextInt(8))
              .toList();

      ChoiceRequests requests = new ChoiceRequests(new int[] {7}, choices, 1, "", wanted);

      assertThat(ChoiceRequests.rows(choices, wanted))
          .as(
              () ->
                  choices.stream()
                      .map(IntStream::of)
                      .map(IntStream::boxed)
                      .map(Stream::toList)
                      .toList()
                      .toString())
          .isEqualTo(
              requests.requests().stream()
                  .filter(request -> request.promptProbabilities().nextTokenLogits())
                  .count());
    }
  }
}
