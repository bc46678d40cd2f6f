package io.github.gpt2server.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.gpt2server.hub.cache.Snapshot;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {
  private static final Path EMBEDDED = Path.of("models/gpt2-fairytales");

  private static final ModelFolder.Hub NO_HUB =
      id -> {
        throw new AssertionError("the hub was asked for " + id);
      };

  private static final String ALLOWED =
      "give 'embedded', a folder in Hugging Face layout, or a hub's id such as"
          + " openai-community/gpt2";

  @TempDir Path parent;
  @TempDir Path temporary;

  @Test
  void usesTheEmbeddedFilesWhereTheyLie() throws Exception {
    ModelFolder folder = ModelFolder.resolve("gpt2.model", "embedded", NO_HUB);
    assertThat(folder.id()).isEqualTo("gpt2-fairytales");
    assertThat(folder.temporary()).isFalse();
    folder.close();
    assertThat(folder.path().resolve("model.safetensors"))
        .hasSameBinaryContentAs(EMBEDDED.resolve("model.safetensors"));
  }

  @Test
  void copiesTheEmbeddedFilesOutOfAJarAndDeletesTheCopy() throws Exception {
    List<String> names =
        List.of(
            "config.json",
            "generation_config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.json",
            "merges.txt");
    try (URLClassLoader loader = jarWith(names)) {
      ModelFolder folder = ModelFolder.resolve("gpt2.model", "embedded", NO_HUB, loader, temporary);
      assertThat(folder.id()).isEqualTo("gpt2-fairytales");
      assertThat(folder.temporary()).isTrue();
      assertThat(folder.path()).hasParent(temporary);
      for (String name : names) {
        assertThat(folder.path().resolve(name)).hasSameBinaryContentAs(EMBEDDED.resolve(name));
      }
      folder.close();
      assertThat(folder.path()).doesNotExist();
    }
  }

  @Test
  void saysThatABuildLacksTheEmbeddedModel() throws Exception {
    try (URLClassLoader loader = jarWith(List.of())) {
      assertThatExceptionOfType(ModelNotFoundException.class)
          .isThrownBy(
              () -> ModelFolder.resolve("gpt2.model", "embedded", NO_HUB, loader, temporary))
          .withMessage(
              "gpt2.model is 'embedded', but this build has no embedded model: give a folder in"
                  + " Hugging Face layout");
    }
  }

  @Test
  void leavesNothingBehindWhenTheEmbeddedModelIsIncomplete() throws Exception {
    try (URLClassLoader loader = jarWith(List.of("config.json"))) {
      assertThatExceptionOfType(ModelNotFoundException.class)
          .isThrownBy(
              () -> ModelFolder.resolve("gpt2.model", "embedded", NO_HUB, loader, temporary))
          .withMessage(
              "gpt2.model is 'embedded', but this build lacks"
                  + " models/gpt2-fairytales/generation_config.json: give a folder in Hugging Face"
                  + " layout");
    }
    assertThat(temporary).isEmptyDirectory();
  }

  @Test
  void saysThatTheTemporaryFolderCannotBeWritten() throws Exception {
    Path lost = temporary.resolve("lost");
    try (URLClassLoader loader = jarWith(List.of("config.json"))) {
      assertThatExceptionOfType(ModelNotFoundException.class)
          .isThrownBy(() -> ModelFolder.resolve("gpt2.model", "embedded", NO_HUB, loader, lost))
          .withMessageStartingWith(
              "gpt2.model is 'embedded', but the embedded model cannot be unpacked into %s"
                  + " (java.nio.file.NoSuchFileException: ",
              lost)
          .withMessageEndingWith("): set java.io.tmpdir to a folder that can be written");
    }
  }

  @Test
  void servesAFolderUnderItsLastName() throws Exception {
    Path folder = folderWith("config.json", "model.safetensors", "tokenizer.json");
    assertThat(ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB))
        .isEqualTo(new ModelFolder(folder, "my-gpt2", null, false));
    assertThat(ModelFolder.resolve("gpt2.model", folder + "/", NO_HUB).id()).isEqualTo("my-gpt2");
    assertThat(ModelFolder.resolve("gpt2.model", folder.resolve(".").toString(), NO_HUB).id())
        .isEqualTo("my-gpt2");
    ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB).close();
    assertThat(folder.resolve("config.json")).exists();
  }

  @Test
  void saysWhichFileIsALinkThatLeadsNowhere() throws Exception {
    Path folder = folderWith("vocab.json", "merges.txt");
    Files.createSymbolicLink(folder.resolve("config.json"), Path.of("../../blobs/abc"));
    assertThatExceptionOfType(ModelNotFoundException.class)
        .isThrownBy(() -> ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB))
        .withMessage(
            "gpt2.model is '%s', but its config.json is a link to ../../blobs/abc, which does not"
                + " exist: copy the files that links lead to (cp -rL), or download the model again",
            folder);
    Files.delete(folder.resolve("config.json"));
    Files.createFile(folder.resolve("config.json"));
    Files.createSymbolicLink(folder.resolve("pytorch_model.bin"), Path.of("gone"));
    assertThatExceptionOfType(ModelNotFoundException.class)
        .isThrownBy(() -> ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB))
        .withMessageContaining("its pytorch_model.bin is a link to gone, which does not exist");
    Files.createFile(folder.resolve("model.safetensors"));
    assertThat(ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB).path())
        .isEqualTo(folder);
  }

  @Test
  void saysWhichFileIsNone() throws Exception {
    Path folder = folderWith("config.json", "tokenizer.json", "model.safetensors");
    Files.createDirectory(folder.resolve("generation_config.json"));
    assertThatExceptionOfType(ModelNotFoundException.class)
        .isThrownBy(() -> ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB))
        .withMessage(
            "gpt2.model is '%s', but its generation_config.json is a folder, a pipe or a device: put"
                + " the file itself there",
            folder);
  }

  @Test
  void takesARelativeFolder() throws Exception {
    ModelFolder folder = ModelFolder.resolve("gpt2.model", "models/gpt2-fairytales", NO_HUB);
    assertThat(folder.path()).isEqualTo(EMBEDDED.toAbsolutePath());
    assertThat(folder.id()).isEqualTo("gpt2-fairytales");
  }

  @Test
  void takesShardsAndTheOlderTokenizerFiles() throws Exception {
    Path folder =
        folderWith("config.json", "model.safetensors.index.json", "vocab.json", "merges.txt");
    assertThat(ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB).path())
        .isEqualTo(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai-community/gpt2", "gpt2", "a/b", "org/name-1.5_x", "Embedded"})
  void asksTheHubForWhatIsNoFolder(String id) throws Exception {
    Path folder = folderWith("config.json", "model.safetensors", "tokenizer.json");
    ModelFolder resolved =
        ModelFolder.resolve("gpt2.model", id, asked -> new Snapshot(asked, "c0ffee", folder));
    assertThat(resolved).isEqualTo(new ModelFolder(folder, id, "c0ffee", false));
    resolved.close();
    assertThat(folder.resolve("config.json")).exists();
  }

  @Test
  void prefersAFolderToTheHub() throws Exception {
    assertThat(ModelFolder.resolve("gpt2.model", "models/gpt2-fairytales", NO_HUB).revision())
        .isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/no/such/folder",
        "./no/folder",
        "../gpt2",
        "a/b/c",
        "a--b/c",
        "org/..",
        "org/x.git",
        "a b"
      })
  void saysThatAFolderDoesNotExist(String setting) {
    refused(setting, "but there is no such folder: " + ALLOWED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  "})
  void refusesAnEmptySetting(String setting) {
    refused(setting, "which is empty: " + ALLOWED);
  }

  @Test
  void refusesWhatIsNoPath() {
    assertThatExceptionOfType(ModelNotFoundException.class)
        .isThrownBy(() -> ModelFolder.resolve("gpt2.model", "a\0b", NO_HUB))
        .withMessage("gpt2.model is not a valid path (Nul character not allowed): " + ALLOWED);
  }

  @Test
  void refusesAFile() throws Exception {
    Path folder = folderWith("model.safetensors");
    refused(
        folder.resolve("model.safetensors").toString(),
        "but that is a file: give the folder that holds the model's files");
  }

  @Test
  void namesTheFileThatIsMissing() throws Exception {
    refusedAsMissing("config.json", folderWith());
    refusedAsMissing("model.safetensors", folderWith("config.json"));
    refusedAsMissing("tokenizer.json", folderWith("model.safetensors", "vocab.json"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json"
      })
  void takesWeightsInAnyOfTheirFiles(String weights) throws Exception {
    Path folder = folderWith("config.json", weights, "tokenizer.json");
    try (ModelFolder found = ModelFolder.resolve("gpt2.model", folder.toString(), NO_HUB)) {
      assertThat(found.path()).isEqualTo(folder);
    }
  }

  private static void refusedAsMissing(String name, Path folder) {
    refused(
        folder.toString(),
        "but that folder has no "
            + name
            + ": a folder in Hugging Face layout has config.json, model.safetensors and"
            + " tokenizer.json");
  }

  private static void refused(String setting, String reason) {
    for (String property : List.of("gpt2.model", "gpt2.draft-model")) {
      assertThatExceptionOfType(ModelNotFoundException.class)
          .isThrownBy(() -> ModelFolder.resolve(property, setting, NO_HUB))
          .withMessage(property + " is '" + setting + "', " + reason);
    }
  }

  /** Adds empty files to one folder. */
  private Path folderWith(String... names) throws Exception {
    Path folder = Files.createDirectories(parent.resolve("my-gpt2"));
    for (String name : names) {
      Files.write(folder.resolve(name), new byte[0]);
    }
    return folder;
  }

  /** A class loader that sees the named files of the embedded model in a jar, and nothing else. */
  private URLClassLoader jarWith(List<String> names) throws Exception {
    Path jar = parent.resolve("model.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out)) {
      for (String name : names) {
        entries.putNextEntry(new JarEntry("models/gpt2-fairytales/" + name));
        Files.copy(EMBEDDED.resolve(name), entries);
      }
    }
    return new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
  }
}
