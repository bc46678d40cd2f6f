package io.github.gpt2server.model.torch;

import io.github.gpt2server.model.checkpoint.Gpt2Config;
import io.github.gpt2server.model.checkpoint.TensorData;
import io.github.gpt2server.model.checkpoint.Weights;
import io.github.gpt2server.testing.Float16;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.special.Erf;

/**
 * GPT-2 once more, in plain loops over doubles and without a cache: what every layout of a
 * checkpoint is held against. Written from the paper and Hugging Face's description of the
 * configuration, not from the program.
 */
final class PlainGpt2 {
  private final Gpt2Config config;
  private final Weights weights;
  private final Map<String, TensorData> tensors = new HashMap<>();

  PlainGpt2(Gpt2Config config, Weights weights) {
    this.config = config;
    this.weights = weights;
  }

  /** The logits after the last of some tokens. */
  double[] logits(int... tokens) {
    List<double[]> x = new ArrayList<>();
    for (int t = 0; t < tokens.length; t++) {
      double[] row = row("wte.weight", tokens[t]);
      add(row, row("wpe.weight", t));
      x.add(row);
    }
    for (int layer = 0; layer < config.layers(); layer++) {
      String block = "h." + layer + ".";
      List<double[]> qkv =
          x.stream().map(row -> linear(block + "attn.c_attn", norm(block + "ln_1", row))).toList();
      for (int t = 0; t < tokens.length; t++) {
        add(x.get(t), linear(block + "attn.c_proj", attend(layer, t, qkv)));
      }
      for (double[] row : x) {
        double[] hidden = linear(block + "mlp.c_fc", norm(block + "ln_2", row));
        for (int i = 0; i < hidden.length; i++) {
          hidden[i] = activate(hidden[i]);
        }
        add(row, linear(block + "mlp.c_proj", hidden));
      }
    }
    double[] last = norm("ln_f", x.get(x.size() - 1));
    double[] logits = new double[config.vocabSize()];
    for (int token = 0; token < logits.length; token++) {
      logits[token] = dot(last, 0, row("lm_head.weight", token), 0, last.length);
    }
    return logits;
  }

  private double[] attend(int layer, int t, List<double[]> qkv) {
    int width = config.width();
    int headWidth = config.headWidth();
    double scale = config.scaleAttnWeights() ? 1 / Math.sqrt(headWidth) : 1;
    if (config.scaleAttnByInverseLayerIdx()) {
      scale /= layer + 1;
    }
    double[] z = new double[width];
    for (int head = 0; head < config.heads(); head++) {
      int at = head * headWidth;
      double[] shares = new double[t + 1];
      double highest = Double.NEGATIVE_INFINITY;
      for (int past = 0; past <= t; past++) {
        shares[past] = scale * dot(qkv.get(t), at, qkv.get(past), width + at, headWidth);
        highest = Math.max(highest, shares[past]);
      }
      double sum = 0;
      for (int past = 0; past <= t; past++) {
        shares[past] = Math.exp(shares[past] - highest);
        sum += shares[past];
      }
      for (int past = 0; past <= t; past++) {
        for (int i = 0; i < headWidth; i++) {
          z[at + i] += shares[past] / sum * qkv.get(past)[2 * width + at + i];
        }
      }
    }
    return z;
  }

  private double activate(double x) {
    return switch (config.activation()) {
      case GELU_TANH ->
          0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
      case GELU -> 0.5 * x * (1 + Erf.erf(x / Math.sqrt(2)));
      case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
      case SILU -> x / (1 + Math.exp(-x));
      case RELU -> Math.max(0, x);
      case TANH -> Math.tanh(x);
    };
  }

  private double[] norm(String name, double... x) {
    double mean = 0;
    for (double value : x) {
      mean += value / x.length;
    }
    double variance = 0;
    for (double value : x) {
      variance += (value - mean) * (value - mean) / x.length;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] =
          (x[i] - mean) / Math.sqrt(variance + config.layerNormEpsilon()) * at(name + ".weight", i)
              + at(name + ".bias", i);
    }
    return y;
  }

  private double[] linear(String name, double... x) {
    double[] y = new double[(int) tensors.computeIfAbsent(name + ".bias", weights::get).shape()[0]];
    for (int out = 0; out < y.length; out++) {
      y[out] = at(name + ".bias", out);
      for (int in = 0; in < x.length; in++) {
        y[out] += x[in] * at(name + ".weight", in, out);
      }
    }
    return y;
  }

  private double[] row(String name, int row) {
    double[] values = new double[config.width()];
    for (int i = 0; i < values.length; i++) {
      values[i] = at(name, row, i);
    }
    return values;
  }

  /** An element of a tensor, wherever its strides put it. */
  private double at(String name, long... place) {
    TensorData tensor = tensors.computeIfAbsent(name, weights::get);
    long index = 0;
    for (int i = 0; i < place.length; i++) {
      index += place[i] * tensor.strides()[i];
    }
    int at = Math.toIntExact(index) * tensor.dtype().bytes();
    return switch (tensor.dtype()) {
      case F64 -> tensor.data().getDouble(at);
      case F32 -> tensor.data().getFloat(at);
      case F16 -> Float16.decode(tensor.data().getShort(at));
      case BF16 -> Float.intBitsToFloat(tensor.data().getShort(at) << 16);
    };
  }

  private static void add(double[] to, double... values) {
    for (int i = 0; i < to.length; i++) {
      to[i] += values[i];
    }
  }

  private static double dot(double[] a, int fromA, double[] b, int fromB, int length) {
    double sum = 0;
    for (int i = 0; i < length; i++) {
      sum += a[fromA + i] * b[fromB + i];
    }
    return sum;
  }
}
