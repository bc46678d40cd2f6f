package io.github.gpt2server.boot.libraries;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/**
 * Native libraries of the jar that lie unpacked in one folder, with a list of their SHA-256 digests
 * as {@code sha256sum} writes it, made while they were unpacked.
 *
 * <p>Only the user can change them there (see {@link PrivateFolder}), so that reading half a
 * gigabyte at each start would show nothing new: only files are read again that have changed since
 * the list was written, which the file system notes ({@code ctime}, that no program can set). What
 * is not as the list and the jar say is unpacked again.
 *
 * @param name part of the folder's name; what is in the jar is the other part
 * @param property the system property that names the place to those who load them
 * @param file the file in the folder that the property names, or empty for the folder
 * @param resources the files in the jar
 */
record UnpackedLibraries(String name, String property, String file, List<Resource> resources) {
  private static final Logger log = LoggerFactory.getLogger(UnpackedLibraries.class);
  private static final String SUMS = "SHA256SUMS";

  /** A file in the jar. */
  record Resource(String path, URL url, long size) {
    String file() {
      return path.substring(path.lastIndexOf('/') + 1);
    }
  }

  /** Empty if the jar does not have them, such as those of another platform. */
  static Optional<UnpackedLibraries> of(
      String name, String property, String file, List<String> paths) {
    List<Resource> resources = new ArrayList<>();
    for (String path : paths) {
      URL url = UnpackedLibraries.class.getClassLoader().getResource(path);
      if (url == null) {
        return Optional.empty();
      }
      try {
        resources.add(new Resource(path, url, url.openConnection().getContentLengthLong()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return Optional.of(new UnpackedLibraries(name, property, file, List.copyOf(resources)));
  }

  /** Unpacks them if need be; gives the place that the property names. */
  Path in(Path folder) {
    Path own = folder.resolve(name + "-" + key());
    try {
      if (!complete(own)) {
        if (Files.exists(own, LinkOption.NOFOLLOW_LINKS)) {
          log.warn(
              "The files in {} are not those that were unpacked there; they are unpacked again",
              own);
          FileSystemUtils.deleteRecursively(own);
        }
        unpack(folder, own);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a native library cannot be unpacked into " + own, e);
    }
    return file.isEmpty() ? own : own.resolve(file);
  }

  /** Differs where the files do: another version or platform of a library has another size. */
  private String key() {
    StringBuilder all = new StringBuilder();
    resources.forEach(
        resource -> all.append(resource.path()).append(' ').append(resource.size()).append('\n'));
    byte[] digest =
        sha256().digest(all.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest, 0, 6);
  }

  private boolean complete(Path own) throws IOException {
    Path sums = own.resolve(SUMS);
    if (!Files.isRegularFile(sums, LinkOption.NOFOLLOW_LINKS)
        || PrivateFolder.objection(own) != null) {
      return false;
    }
    Map<String, String> digests = digests(sums);
    FileTime listed = changed(sums);
    Map<Path, FileTime> read = new HashMap<>();
    for (Resource resource : resources) {
      Path library = own.resolve(resource.file());
      if (!Files.isRegularFile(library, LinkOption.NOFOLLOW_LINKS)
          || Files.size(library) != resource.size()
          || !digests.containsKey(resource.file())) {
        return false;
      }
      FileTime changed = changed(library);
      if (changed.compareTo(listed) > 0) {
        if (!digest(library).equals(digests.get(resource.file()))) {
          return false;
        }
        read.put(library, changed);
      }
    }
    try (var files = Files.list(own)) {
      return files.count() == resources.size() + 1 && (read.isEmpty() || remember(sums, read));
    }
  }

  /**
   * Dates the list anew, so that files that are right, such as those of a copied folder, are not
   * read at the next start again. False if one of them has changed since it was read.
   */
  private static boolean remember(Path sums, Map<Path, FileTime> read) throws IOException {
    try {
      Files.setLastModifiedTime(sums, FileTime.from(Instant.now()));
    } catch (IOException e) {
      log.debug(
          "The modification time of {} cannot be set; the files are checked at each start",
          sums,
          e);
    }
    for (Map.Entry<Path, FileTime> file : read.entrySet()) {
      if (!changed(file.getKey()).equals(file.getValue())) {
        return false;
      }
    }
    return true;
  }

  private static Map<String, String> digests(Path sums) throws IOException {
    Map<String, String> digests = new HashMap<>();
    for (String line : Files.readAllLines(sums)) {
      int space = line.indexOf("  ");
      if (space > 0) {
        digests.put(line.substring(space + 2), line.substring(0, space));
      }
    }
    return digests;
  }

  /**
   * The time at which content or attributes of a file changed last; that of its content alone where
   * the system does not report the other.
   */
  private static FileTime changed(Path path) throws IOException {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix")
        ? (FileTime) Files.getAttribute(path, "unix:ctime", LinkOption.NOFOLLOW_LINKS)
        : Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
  }

  private void unpack(Path folder, Path own) throws IOException {
    Path unfinished = PrivateFolder.createNew(folder, NativeLibraryCache.UNFINISHED);
    try {
      List<String> sums = new ArrayList<>();
      for (Resource resource : resources) {
        sums.add(copy(resource, unfinished.resolve(resource.file())) + "  " + resource.file());
      }
      Files.write(unfinished.resolve(SUMS), sums);
      Files.move(unfinished, own, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
      // Another process was faster.
      if (!complete(own)) {
        throw e;
      }
    } finally {
      FileSystemUtils.deleteRecursively(unfinished);
    }
  }

  private static String copy(Resource resource, Path target) throws IOException {
    MessageDigest sha256 = sha256();
    try (InputStream in = resource.url().openStream();
        OutputStream out = new DigestOutputStream(Files.newOutputStream(target), sha256)) {
      in.transferTo(out);
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static String digest(Path path) throws IOException {
    MessageDigest sha256 = sha256();
    try (InputStream in = Files.newInputStream(path);
        OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), sha256)) {
      in.transferTo(out);
    }
    return HexFormat.of().formatHex(sha256.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
