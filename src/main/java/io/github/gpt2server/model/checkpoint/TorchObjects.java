package io.github.gpt2server.model.checkpoint;

import io.github.gpt2server.model.checkpoint.PickledTensor.NumberType;
import io.github.gpt2server.model.checkpoint.PickledTensor.Storage;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The things that a pickle by PyTorch may name and build: tensors, the dictionaries that hold them,
 * and nothing else. A name stands for an entry of a fixed table, never for a class or a method of
 * this program.
 *
 * <p>Every method throws {@link IllegalArgumentException} with a phrase about what is wrong.
 *
 * <p>Source: {@code torch/_utils.py} and {@code torch/serialization.py} of PyTorch 2.7.
 */
final class TorchObjects {

  /** The functions that weights need. */
  private enum Function {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_TENSOR_V2,
    REBUILD_TENSOR_V3,
    REBUILD_PARAMETER
  }

  private static final NumberType BYTES = new NumberType("U8", 1);

  private static final Map<String, Object> NAMES = names();

  private final Map<String, Storage> storages = new LinkedHashMap<>();

  /** Returns the thing that a name stands for. */
  Object named(String module, String name) {
    Object found = NAMES.get(module + "." + name);
    if (found == null) {
      throw new IllegalArgumentException(
          "its pickle asks for %s, which no weights need"
              .formatted(MessageText.shorten(module + "." + name)));
    }
    return found;
  }

  /** The result of a function. */
  Object call(Object function, Object arguments) {
    if (!(function instanceof Function known) || !(arguments instanceof List<?> list)) {
      throw new IllegalArgumentException("its pickle calls something that is not a function");
    }
    return switch (known) {
      case ORDERED_DICT -> {
        require(list.isEmpty(), "OrderedDict");
        yield new LinkedHashMap<>();
      }
      case REBUILD_TENSOR -> {
        require(list.size() == 4, "_rebuild_tensor");
        yield tensor(list, null);
      }
      case REBUILD_TENSOR_V2 -> {
        require(list.size() == 6 || list.size() == 7, "_rebuild_tensor_v2");
        yield tensor(list, null);
      }
      case REBUILD_TENSOR_V3 -> {
        require(
            (list.size() == 7 || list.size() == 8) && list.get(6) instanceof NumberType,
            "_rebuild_tensor_v3");
        yield tensor(list, (NumberType) list.get(6));
      }
      case REBUILD_PARAMETER -> {
        require(list.size() == 3 && list.get(0) instanceof PickledTensor, "_rebuild_parameter");
        yield list.get(0);
      }
    };
  }

  /**
   * The storage that a persistent id stands for: {@code ("storage", type, key, device, numbers)},
   * in the older format with a view of it, or None, behind.
   */
  Object persistent(Object id) {
    if (!(id instanceof List<?> list)
        || list.size() < 5
        || list.size() > 6
        || !"storage".equals(list.get(0))
        || !(list.get(1) instanceof NumberType type)
        || !(list.get(2) instanceof String key)
        || !(list.get(4) instanceof Long count)) {
      throw new IllegalArgumentException("its pickle has a persistent id that is not a storage");
    }
    if (list.size() == 6 && list.get(5) != null) {
      throw new IllegalArgumentException(
          "its pickle has a view of a storage, an old form that is" + " not supported");
    }
    Storage storage = new Storage(key, type, count);
    Storage known = storages.putIfAbsent(key, storage);
    if (known != null && !known.equals(storage)) {
      throw new IllegalArgumentException(
          "its pickle describes storage %s in two ways".formatted(MessageText.shorten(key)));
    }
    return storage;
  }

  /** The storages that the pickle has named, by their keys. */
  Map<String, Storage> storages() {
    return storages;
  }

  private PickledTensor tensor(List<?> arguments, NumberType dtype) {
    if (!(arguments.get(0) instanceof Storage storage)
        || !(arguments.get(1) instanceof Long offset)) {
      throw new IllegalArgumentException("its pickle builds a tensor without a storage");
    }
    return new PickledTensor(
        dtype == null ? storage.type() : dtype,
        storage,
        offset,
        longs(arguments.get(2)),
        longs(arguments.get(3)));
  }

  private static long[] longs(Object sizes) {
    // The length comes first: one long list could be made into any number of arrays.
    if (!(sizes instanceof List<?> list)
        || list.size() > PickledTensor.MAX_DIMENSIONS
        || !list.stream().allMatch(Long.class::isInstance)) {
      throw new IllegalArgumentException(
          "its pickle has a tensor whose shape or strides are not up to %d numbers"
              .formatted(PickledTensor.MAX_DIMENSIONS));
    }
    return list.stream().mapToLong(Long.class::cast).toArray();
  }

  private static void require(boolean fits, String function) {
    if (!fits) {
      throw new IllegalArgumentException(
          "its pickle calls %s with arguments that do not fit".formatted(function));
    }
  }

  private static Map<String, Object> names() {
    Map<String, Object> names = new HashMap<>();
    names.put("collections.OrderedDict", Function.ORDERED_DICT);
    names.put("torch._utils._rebuild_tensor", Function.REBUILD_TENSOR);
    names.put("torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR_V2);
    names.put("torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_V3);
    names.put("torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER);
    names.put("torch.storage.UntypedStorage", BYTES);
    putType(names, "Double", "float64", new NumberType("F64", 8));
    putType(names, "Float", "float32", new NumberType("F32", 4));
    putType(names, "Half", "float16", new NumberType("F16", 2));
    putType(names, "BFloat16", "bfloat16", new NumberType("BF16", 2));
    putType(names, "Long", "int64", new NumberType("I64", 8));
    putType(names, "Int", "int32", new NumberType("I32", 4));
    putType(names, "Short", "int16", new NumberType("I16", 2));
    putType(names, "Char", "int8", new NumberType("I8", 1));
    putType(names, "Byte", "uint8", BYTES);
    putType(names, "Bool", "bool", new NumberType("BOOL", 1));
    return Map.copyOf(names);
  }

  private static void putType(
      Map<String, Object> names, String storage, String dtype, NumberType type) {
    names.put("torch." + storage + "Storage", type);
    names.put("torch." + dtype, type);
  }
}
