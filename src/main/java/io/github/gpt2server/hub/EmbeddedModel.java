package io.github.gpt2server.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The model that is part of the program, as files on the class path. */
public final class EmbeddedModel {
  /** The model id that clients send. */
  public static final String ID = "gpt2-fairytales";

  private static final String ROOT = "models/" + ID + "/";

  // Named one by one, because a directory inside a jar cannot be listed through a class loader.
  private static final List<String> FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "model.safetensors",
          "tokenizer.json",
          "tokenizer_config.json",
          "vocab.json",
          "merges.txt");

  private EmbeddedModel() {}

  /**
   * Returns the folder of the files if they are on disk, else copies them from the jar into a new
   * folder inside {@code temporary}.
   */
  static ModelFolder locate(ClassLoader loader, Path temporary) {
    URL config = loader.getResource(ROOT + "config.json");
    if (config == null) {
      throw new ModelNotFoundException(
          "gpt2.model is 'embedded', but this build has no embedded model: give a folder in Hugging"
              + " Face layout");
    }
    if (config.getProtocol().equals("file")) {
      return new ModelFolder(Path.of(URI.create(config.toString())).getParent(), ID, null, false);
    }
    return unpack(loader, temporary);
  }

  private static ModelFolder unpack(ClassLoader loader, Path temporary) {
    try {
      ModelFolder folder = new ModelFolder(TemporaryCopy.create(temporary), ID, null, true);
      try {
        for (String name : FILES) {
          copy(loader, name, folder.path());
        }
      } catch (IOException | RuntimeException e) {
        folder.close();
        throw e;
      }
      return folder;
    } catch (IOException e) {
      throw new ModelNotFoundException(
          "gpt2.model is 'embedded', but the embedded model cannot be unpacked into %s (%s): set"
                  .formatted(temporary, e)
              + " java.io.tmpdir to a folder that can be written",
          e);
    }
  }

  private static void copy(ClassLoader loader, String name, Path folder) throws IOException {
    try (InputStream in = loader.getResourceAsStream(ROOT + name)) {
      if (in == null) {
        throw new ModelNotFoundException(
            "gpt2.model is 'embedded', but this build lacks %s: give a folder in Hugging Face layout"
                .formatted(ROOT + name));
      }
      Path file = folder.resolve(name);
      file.toFile().deleteOnExit();
      Files.copy(in, file);
    }
  }
}
