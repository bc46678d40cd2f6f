package io.github.gpt2server.web.security;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.io.input.BOMInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of API keys: one a line, empty lines and those that begin with {@code #} left out.
 *
 * <p>Its content is looked at every second, through whatever links lead to it. Notifications of the
 * file system would not do: Kubernetes renews a mounted secret by pointing a link, two steps away
 * from the file's own name, to another folder. What cannot be used leaves the keys as they were.
 */
public final class ApiKeyFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ApiKeyFile.class);
  private static final long PERIOD_MILLIS = 1000;
  private static final int MAX_BYTES = 1 << 20;

  private final Path path;
  private final List<ApiKey> others;
  private final Thread watch;
  private volatile List<ApiKey> keys;

  // The watching thread's own once it runs.
  private byte[] content;
  private String problem;

  /** A fault of a file of keys, in a sentence that names it. */
  public static final class UnusableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnusableException(Path path, String problem) {
      super("gpt2.api-keys-file=%s cannot be used: %s.".formatted(path, problem));
    }
  }

  private ApiKeyFile(Path path, List<ApiKey> others) {
    this.path = path;
    this.others = List.copyOf(others);
    this.content = read(path);
    this.keys = parse(content);
    this.watch = new Thread(this::run, "api-keys-file");
    watch.setDaemon(true);
  }

  /**
   * Reads the file and watches it from now on.
   *
   * @param others the keys that the server has besides
   * @throws UnusableException if it cannot be read, has no key, a line that cannot be a key, or a
   *     key that has another name too
   */
  public static ApiKeyFile watch(Path path, List<ApiKey> others) {
    ApiKeyFile file = new ApiKeyFile(path, others);
    file.watch.start();
    return file;
  }

  /** The keys that the file had when it could last be used. */
  List<ApiKey> keys() {
    return keys;
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(PERIOD_MILLIS);
        look();
      }
    } catch (InterruptedException e) {
      log.debug("gpt2.api-keys-file is no longer watched");
    }
  }

  private void look() {
    try {
      byte[] now = read(path);
      if (!Arrays.equals(now, content) || problem != null) {
        List<ApiKey> read = parse(now);
        keys = read;
        content = now;
        problem = null;
        log.info("gpt2.api-keys-file was read again: API keys: {}", read.size());
      }
    } catch (UnusableException e) {
      warnOnce(e.getMessage());
    } catch (RuntimeException | Error e) {
      // An exception that got out would end the watch without a word.
      warnOnce("gpt2.api-keys-file cannot be read (" + e + ").");
    }
  }

  private void warnOnce(String sentence) {
    if (!sentence.equals(problem)) {
      problem = sentence;
      log.warn("{} The API keys stay as they were: {}", sentence, keys.size());
    }
  }

  private static byte[] read(Path path) {
    try (InputStream in = BOMInputStream.builder().setPath(path).get()) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new UnusableException(path, "it is larger than " + MAX_BYTES + " bytes");
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw new UnusableException(path, "there is no such file");
    } catch (AccessDeniedException e) {
      throw new UnusableException(path, "this process may not read it");
    } catch (IOException e) {
      throw new UnusableException(
          path,
          Files.isDirectory(path)
              ? "it is a folder, not a file with one key per line"
              : "it cannot be read (" + e.getMessage() + ")");
    }
  }

  private List<ApiKey> parse(byte[] bytes) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new UnusableException(path, "it is not UTF-8 text");
    }
    List<ApiKey> keys = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().map(String::strip).toList()) {
      number++;
      if (!line.isEmpty() && !line.startsWith("#")) {
        ApiKey key = ApiKey.of(line);
        if (!key.isUsable()) {
          throw new UnusableException(
              path, "line " + number + " is not a key; write one key per line, of " + ApiKey.RULE);
        }
        keys.add(key);
      }
    }
    if (keys.isEmpty()) {
      throw new UnusableException(path, "it has no key; write one key per line");
    }
    ApiKey.ambiguity(Stream.concat(others.stream(), keys.stream()).toList())
        .ifPresent(
            ambiguity -> {
              throw new UnusableException(
                  path,
                  "with it, one secret has two names: "
                      + ambiguity
                      + "; remove one, or give each a secret of its own");
            });
    return List.copyOf(keys);
  }

  /** Looks no more. */
  @Override
  public void close() {
    watch.interrupt();
  }
}
