package io.github.gpt2server.boot.libraries;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/**
 * A folder from which code is loaded: one in which only the process's user, and root, can put
 * anything. It and every folder above it must belong to one of the two and be writable by no other,
 * or have the sticky bit as {@code /tmp} has, which keeps others from renaming what is in it. A
 * group may write if it is the user's own, which by convention has the user's number.
 *
 * <p>Systems without POSIX permissions are left to their own: there home folders are private.
 */
final class PrivateFolder {
  private static final int WRITABLE_BY_GROUP = 020;
  private static final int WRITABLE_BY_OTHERS = 02;
  private static final int STICKY = 01000;

  private PrivateFolder() {}

  /**
   * Makes a folder, if it is not there, readable by the user alone.
   *
   * @return the folder without links on the way
   * @throws IOException if it cannot be made
   */
  static Path create(Path folder) throws IOException {
    Files.createDirectories(folder, attributes());
    return folder.toRealPath();
  }

  /** A new folder in {@code parent}, readable by the user alone, with a random name. */
  static Path createNew(Path parent, String prefix) throws IOException {
    return Files.createTempDirectory(parent, prefix, attributes());
  }

  private static FileAttribute<?>[] attributes() {
    return posix()
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
        }
        : new FileAttribute<?>[0];
  }

  private static boolean posix() {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("unix");
  }

  /**
   * The reason why code must not be loaded from a folder, or null.
   *
   * @param folder without links on the way
   */
  static String objection(Path folder) {
    if (!posix()) {
      return null;
    }
    long user = new UnixSystem().getUid();
    for (Path path = folder; path != null; path = path.getParent()) {
      String objection = objection(path, user, path != folder);
      if (objection != null) {
        return objection;
      }
    }
    return null;
  }

  private static String objection(Path path, long user, boolean above) {
    Map<String, Object> attributes;
    try {
      attributes = Files.readAttributes(path, "unix:uid,gid,mode");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int owner = (int) attributes.get("uid");
    int mode = (int) attributes.get("mode");
    if (owner != 0 && owner != user) {
      return path + " belongs to the user " + owner + ", but this process runs as the user " + user;
    }
    boolean sticky = above && (mode & STICKY) != 0;
    boolean ownGroup = (int) attributes.get("gid") == user;
    if (!sticky
        && ((mode & WRITABLE_BY_OTHERS) != 0 || ((mode & WRITABLE_BY_GROUP) != 0 && !ownGroup))) {
      return path + " can be written to by others";
    }
    return null;
  }
}
