package io.github.gpt2server.hub;

import io.github.gpt2server.hub.cache.ModelFiles;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.http.HubException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder with a model in Hugging Face layout: {@code config.json}, weights, the tokenizer's
 * files. To be closed once everything in it has been loaded.
 *
 * @param path the folder
 * @param id the model id that clients send
 * @param revision the hub's commit, or null if the model does not come from a hub
 * @param temporary whether the folder is a copy that {@link #close} deletes
 */
public record ModelFolder(Path path, String id, String revision, boolean temporary)
    implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ModelFolder.class);

  /** The setting value that selects the embedded model. */
  public static final String EMBEDDED = "embedded";

  private static final String ALLOWED =
      "give 'embedded', a folder in Hugging Face layout, or a hub's id such as"
          + " openai-community/gpt2";

  /** Fetches a model from a hub. */
  @FunctionalInterface
  public interface Hub {
    /** Returns the cached files of a model, which it downloads if necessary. */
    Snapshot fetch(String id) throws InterruptedException;
  }

  /**
   * Resolves the value of a setting to a folder. {@code embedded} is the model that is part of the
   * program: its files on disk, or, if they are inside a jar, a temporary copy that {@link #close}
   * or the end of the JVM deletes. The model in an existing folder gets the folder's name as its
   * id. Any other value that is a valid model id is fetched from the hub.
   *
   * @param property the setting's name, for messages
   * @throws ModelNotFoundException if the folder does not exist or lacks files
   * @throws HubException if the hub does not have the model or refuses it
   * @throws InterruptedException if the thread is interrupted while it waits for the hub
   */
  public static ModelFolder resolve(String property, String setting, Hub hub)
      throws InterruptedException {
    return resolve(
        property,
        setting,
        hub,
        ModelFolder.class.getClassLoader(),
        Path.of(System.getProperty("java.io.tmpdir")));
  }

  static ModelFolder resolve(
      String property, String setting, Hub hub, ClassLoader loader, Path temporary)
      throws InterruptedException {
    if (setting.equals(EMBEDDED)) {
      return EmbeddedModel.locate(loader, temporary);
    }
    if (ModelHub.isModelId(setting) && !Files.exists(Path.of(setting))) {
      Snapshot snapshot = hub.fetch(setting);
      return new ModelFolder(snapshot.folder(), setting, snapshot.commit(), false);
    }
    Path folder = existing(property, setting);
    requireFiles(property, setting, folder);
    Path name = folder.normalize().getFileName();
    return new ModelFolder(folder, name == null ? "model" : name.toString(), null, false);
  }

  /** Deletes a temporary copy; does nothing to any other folder. */
  @Override
  public void close() {
    if (!temporary) {
      return;
    }
    try {
      TemporaryCopy.delete(path);
    } catch (IOException e) {
      // Windows does not delete a file that is mapped; the JVM tries again when it exits.
      log.debug("the temporary folder {} is not deleted yet", path, e);
    }
  }

  private static Path existing(String property, String setting) {
    if (setting.isBlank()) {
      throw notFound(property, setting, "which is empty: " + ALLOWED);
    }
    Path folder;
    try {
      folder = Path.of(setting).toAbsolutePath();
    } catch (InvalidPathException e) {
      throw new ModelNotFoundException(
          "%s is not a valid path (%s): %s".formatted(property, e.getReason(), ALLOWED), e);
    }
    if (!Files.exists(folder)) {
      throw notFound(property, setting, "but there is no such folder: " + ALLOWED);
    }
    if (!Files.isDirectory(folder)) {
      throw notFound(
          property, setting, "but that is a file: give the folder that holds the model's files");
    }
    if (!Files.isReadable(folder) || !Files.isExecutable(folder)) {
      throw notFound(property, setting, "but the server's user cannot read that folder");
    }
    return folder;
  }

  private static void requireFiles(String property, String setting, Path folder) {
    Optional<String> dangling = ModelFiles.danglingLink(folder);
    if (dangling.isPresent()) {
      throw notFound(
          property,
          setting,
          "but its %s is a link to %s, which does not exist: copy the files that links lead to"
                  .formatted(dangling.get(), target(folder.resolve(dangling.get())))
              + " (cp -rL), or download the model again");
    }
    Optional<String> irregular = ModelFiles.irregular(folder);
    if (irregular.isPresent()) {
      throw notFound(
          property,
          setting,
          "but its %s is a folder, a pipe or a device: put the file itself there"
              .formatted(irregular.get()));
    }
    Optional<String> missing = ModelFiles.missing(folder);
    if (missing.isPresent()) {
      throw notFound(
          property,
          setting,
          "but that folder has no %s: a folder in Hugging Face layout has config.json,"
                  .formatted(missing.get())
              + " model.safetensors and tokenizer.json");
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return "a file";
    }
  }

  private static ModelNotFoundException notFound(String property, String setting, String reason) {
    return new ModelNotFoundException("%s is '%s', %s".formatted(property, setting, reason));
  }
}
