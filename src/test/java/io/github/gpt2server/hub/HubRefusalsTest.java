package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.gpt2server.testing.Fault;
import io.github.gpt2server.testing.LookAlikeHub;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Refusals of a hub: one sentence each, and the next start succeeds. */
class HubRefusalsTest extends HubTest {
  @Test
  void saysThatATokenIsNotAccepted() throws Exception {
    fixture.with("HF_TOKEN", "bad_token");

    assertSentence(
        endpoint()
            + " does not accept the token of HF_TOKEN (401): it is wrong or has expired, so replace"
            + " it, or remove it if org/small is public.");
    fixture.variables.remove("HF_TOKEN");
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatAModelIsGated() throws Exception {
    repository.gatedFor("hf_good");
    String page = endpoint() + "/org/small";

    assertSentence(
        "org/small is gated: accept its terms at "
            + page
            + ", then set HF_TOKEN (or gpt2.hub.token) to a token of the same account.");
    fixture.with("HF_TOKEN", "hf_other");
    assertSentence(
        "org/small is gated, and the account of the token of HF_TOKEN has no access to it: ask for"
            + " access at "
            + page
            + ".");
    fixture.with("HF_TOKEN", "hf_good");
    assertComplete(fixture.fetch());
  }

  @Test
  void saysThatAccessIsForbidden() throws Exception {
    fixture.server.fail(
        1,
        "GET",
        "/api/",
        Fault.status(403, "X-Error-Message", "Access to this resource is disabled."));

    assertSentence(
        endpoint()
            + " refuses to give org/small (403, Access to this resource is disabled.): set HF_TOKEN"
            + " (or gpt2.hub.token) if the model is not public.");
    assertNextStartSucceeds(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void saysThatThereIsNoSuchModel(boolean errorCodes) throws Exception {
    if (!errorCodes) {
      fixture.server.withoutErrorCodes();
    }
    fixture.server.addSmall("openai-community/gpt2-medium", 10);
    String start = " on " + endpoint() + ", or it is private, which needs HF_TOKEN: ";

    assertThat(failure("gpt2-medium", "main"))
        .hasMessage(
            "There is no model gpt2-medium"
                + start
                + "did you mean openai-community/gpt2-medium? Set gpt2.model to that, or check the"
                + " name.");
    assertThat(failure("openai/GPT2-medium", "main"))
        .hasMessage(
            "There is no model openai/GPT2-medium"
                + start
                + "did you mean openai-community/gpt2-medium? Set gpt2.model to that, or check the"
                + " name.");
    assertThat(failure("Embedded", "main").getMessage())
        .contains("did you mean embedded? Set gpt2.model to that");
    assertThat(failure("nobody/nothing", "main"))
        .hasMessage(
            "There is no model nobody/nothing"
                + start
                + "give gpt2.model as organisation/name, as the model's page does.");
    assertThat(fixture.cache).doesNotExist();
  }

  @Test
  void saysThatATokenMaySeeNoSuchModel() {
    fixture.with("HF_TOKEN", "hf_any");

    assertThat(failure("nobody/nothing", "main"))
        .hasMessage(
            "There is no model nobody/nothing on "
                + endpoint()
                + ", or the token of HF_TOKEN may not see it: give gpt2.model as organisation/name,"
                + " as the model's page does.");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void saysThatThereIsNoSuchRevision(boolean errorCodes) throws Exception {
    if (!errorCodes) {
      fixture.server.withoutErrorCodes();
    }
    repository.tag("v1", LookAlikeHub.COMMIT);

    assertThat(failure(HubFixture.MODEL, "v2"))
        .hasMessage(
            "org/small has no revision v2: set gpt2.revision to a branch, a tag or a full commit hash"
                + " (it has main, v1).");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void saysThatAFileIsMissing(boolean errorCodes) throws Exception {
    if (!errorCodes) {
      fixture.server.withoutErrorCodes();
    }
    fixture.server.fail(
        1,
        "HEAD",
        WEIGHTS,
        errorCodes ? Fault.status(404, "X-Error-Code", "EntryNotFound") : Fault.status(404));

    assertSentence(
        "org/small at commit "
            + LookAlikeHub.COMMIT
            + " has no file model.safetensors on "
            + endpoint()
            + ", although it is needed: check gpt2.revision, or tell the model's owner.");
    assertNextStartSucceeds(3);
  }

  @ParameterizedTest
  @CsvSource({
    "config.json, config.json",
    "model.safetensors, model.safetensors",
    "tokenizer.json, tokenizer.json"
  })
  void saysThatARepositoryHoldsNoModel(String removed, String named) {
    repository.remove(removed);

    String files =
        String.join(
            ", ",
            Stream.of("README.md", "config.json", WEIGHTS, "tf_model.h5", "tokenizer.json")
                .filter(file -> !file.equals(removed))
                .toList());
    assertSentence(
        "org/small has no %s, so it cannot be served; it has %s.".formatted(named, files));
  }
}
