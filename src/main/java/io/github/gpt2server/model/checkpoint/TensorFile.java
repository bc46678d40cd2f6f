package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.model.ModelLoadException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

/**
 * A file of tensors. What it says of them is read and checked when it is opened; their bytes are
 * mapped one by one when they are asked for, so that a file may be larger than the heap and larger
 * than 2 GB.
 */
sealed interface TensorFile permits SafetensorsFile, TorchFile {

  /** The path of the file. */
  Path path();

  /** The names of its tensors, in the file's order. */
  Set<String> names();

  /**
   * The dimensions of a tensor, outermost first.
   *
   * @throws IllegalArgumentException if the file has no such tensor
   */
  long[] shape(String name);

  /**
   * Checks, without reading a tensor, that it can be read.
   *
   * @return the type of its numbers
   * @throws ModelLoadException if its type is not one of {@link DataType}, or it is too large to
   *     map
   * @throws IllegalArgumentException if the file has no such tensor
   */
  DataType requireReadable(String name);

  /**
   * Maps a tensor.
   *
   * @throws ModelLoadException as {@link #requireReadable} does, or if the file cannot be mapped
   * @throws IllegalArgumentException if the file has no such tensor
   */
  TensorData read(String name);

  /**
   * The type that a file names for a tensor of a number of bytes, if it can be read.
   *
   * @throws ModelLoadException if its type is not one of {@link DataType}, or it is too large to
   *     map
   */
  static DataType readable(Path file, String tensor, String dtype, long bytes) {
    DataType type =
        DataType.ofHeaderName(dtype)
            .orElseThrow(
                () ->
                    new ModelLoadException(
                        "tensor %s in %s is of type %s, but weights must be F64, F32, F16 or BF16"
                            .formatted(
                                MessageText.shorten(tensor), file, MessageText.shorten(dtype))));
    if (bytes > Integer.MAX_VALUE) {
      throw new ModelLoadException(
          "tensor %s in %s has %d bytes, but a single tensor may have at most %d"
              .formatted(MessageText.shorten(tensor), file, bytes, Integer.MAX_VALUE));
    }
    return type;
  }

  /**
   * Refuses the text file that stands for a large file in a clone made without Git LFS.
   *
   * @param start the file's first eight bytes
   */
  static void refuseGitLfsPointer(Path file, byte[] start) {
    if (Arrays.equals(start, "version ".getBytes(StandardCharsets.US_ASCII))) {
      throw new ModelLoadException(
          file + " holds a Git LFS pointer instead of weights: fetch the file with git lfs pull");
    }
  }
}
