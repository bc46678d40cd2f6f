package io.github.gpt2server.model.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.LibUtils;
import io.github.gpt2server.model.AllocationFailure;
import io.github.gpt2server.model.torch.kernels.KernelLibrary;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The kernels as libtorch's operators: right beside its own, and exceptions for what does not fit.
 */
class KernelOperatorsTest {
  private static final String PROGRAM =
      """

      class Gpt2(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        _is_full_backward_hook : Optional[bool]

        def none(self) -> Tensor:
          return torch.empty([0], dtype=6)

        def no_matrix(self) -> Tensor:
          return torch.empty([0, 0], dtype=6)

        def error(self, a: Tensor, b: Tensor) -> float:
          return float(torch.max(torch.abs(a - b)) / torch.max(torch.abs(b)))

        def linear(self, rows: int, width: int, out: int) -> float:
          x = torch.randn([rows, width])
          w = torch.randn([width, out])
          b = torch.randn([out])
          r = torch.randn([rows, out])
          y = ops.gpt2.linear(x, ops.gpt2.pack(w.t()), b, r, out, 0)
          return self.error(y, torch.matmul(x, w) + b + r)

        def too_large(self, out: int, width: int) -> Tensor:
          return ops.gpt2.pack(torch.zeros([1, 1]).expand([out, width]))

        def norm(self, rows: int, width: int) -> float:
          x = torch.randn([rows, width]) * 3. + 1.
          w = torch.randn([width])
          b = torch.randn([width])
          return self.error(ops.gpt2.layer_norm(x, w, b, 1e-05), torch.layer_norm(x, [width], w, b, 1e-05))

        def wrong_linear(self, rows: int, width: int, weight: int, out: int, bias: int) -> Tensor:
          w = ops.gpt2.pack(torch.randn([out, weight]))
          return ops.gpt2.linear(torch.randn([rows, width]), w, torch.randn([bias]), self.no_matrix(), out, 0)

        def strided(self) -> Tensor:
          x = torch.randn([8, 4]).t()
          return ops.gpt2.layer_norm(x, torch.randn([8]), torch.randn([8]), 1e-05)

        def wrong_type(self) -> Tensor:
          x = torch.to(torch.randn([4, 8]), dtype=7)
          return ops.gpt2.layer_norm(x, torch.randn([8]), torch.randn([8]), 1e-05)

        def embed(self, token: int, position: int) -> Tensor:
          t = torch.tensor([token], dtype=3)
          p = torch.tensor([position], dtype=3)
          return ops.gpt2.embedding(ops.gpt2.pack(torch.randn([16, 8])), torch.randn([3, 8]), t, p)

        def attend(self, position: int, slot: int) -> float:
          k = torch.zeros([2, 3, 2, 4, 16])
          v = torch.zeros([2, 3, 20, 4])
          p = torch.tensor([position], dtype=3)
          s = torch.tensor([slot], dtype=3)
          qkv = torch.randn([1, 36])
          y = ops.gpt2.attention(qkv, k, v, p, s, 0.5)
          return self.error(v[slot, :, position].reshape(12), qkv[0, 24:])

        def layer(self, t: List[Tensor], width: int, out: int, int8: bool) -> None:
          if int8:
            w = torch.randint(-127, 128, [out, width], dtype=1)
            t.append(ops.gpt2.pack(w))
            t.append(torch.rand([out]) * 0.01)
            t.append(torch.to(torch.sum(w, [1], dtype=4), dtype=3))
          else:
            t.append(ops.gpt2.pack(torch.randn([out, width])))
            t.append(self.none())
            t.append(torch.empty([0], dtype=3))
          t.append(torch.randn([out]))

        def apply(self, x: Tensor, t: List[Tensor], residual: Tensor, activation: int, activated: int) -> Tensor:
          if t[1].size(0) == 0:
            y = ops.gpt2.linear(x, t[0], t[3], residual, t[3].size(0), activation)
          else:
            y = ops.gpt2.int8_linear(x, t[0], t[1], t[2], t[3], residual, self.none(), activation, activated, -0.17)
          return y

        def no_outputs(self, int8: bool) -> Tensor:
          t = annotate(List[Tensor], [])
          self.layer(t, 24, 0, int8)
          x = torch.randn([2, 24])
          r = self.no_matrix()
          if int8:
            y = ops.gpt2.int8_linear(x, t[0], t[1], t[2], t[3], r, self.none(), 0, 0, 0.)
          else:
            y = ops.gpt2.linear(x, t[0], t[3], r, 0, 0)
          return y

        def addend(self, numbers: int) -> bool:
          t = annotate(List[Tensor], [])
          self.layer(t, 24, 40, True)
          x = torch.randn([5, 24])
          a = torch.randn([numbers])
          y = ops.gpt2.int8_linear(x, t[0], t[1], t[2], t[3], self.no_matrix(), a, 0, 0, 0.)
          return torch.equal(y, self.apply(x, t, self.no_matrix(), 0, 0) + a.unsqueeze(1))

        def join(self, t: List[Tensor]) -> Tensor:
          v = [t[1], t[2], t[15], t[16]]
          for weight in [3, 11, 17, 21]:
            v.append(t[weight + 3])
            if t[weight + 1].size(0) > 0:
              v.append(t[weight + 1])
              v.append(torch.view_copy(t[weight + 2], dtype=6))
          return torch.cat(v)

        def block(self, int8: bool, mlp_int8: bool, shorter: int) -> bool:
          t = annotate(List[Tensor], [])
          t.append(torch.randn([5, 24]))
          t.append(torch.randn([24]))
          t.append(torch.randn([24]))
          self.layer(t, 24, 72, int8)
          t.append(torch.zeros([2, 3, 2, 8, 16]))
          t.append(torch.zeros([2, 3, 20, 8]))
          t.append(torch.tensor([7, 3, 4, 5, 6], dtype=3))
          t.append(torch.tensor([0, 1, 1, 1, 1], dtype=3))
          self.layer(t, 24, 24, int8)
          t.append(torch.randn([24]))
          t.append(torch.randn([24]))
          self.layer(t, 24, 40, mlp_int8)
          self.layer(t, 40, 24, int8)
          b = [t[0], t[3], t[11], t[17], t[21], self.join(t), t[7], t[8], t[9], t[10]]
          if shorter >= 0:
            b[shorter] = b[shorter][1:]
          y = ops.gpt2.block(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], 1, -0.17, 1e-05, 0.3)
          h = ops.gpt2.layer_norm(t[0], t[1], t[2], 1e-05)
          qkv = self.apply(h, t[3:7], self.no_matrix(), 0, 0)
          z = ops.gpt2.attention(qkv, torch.zeros_like(t[7]), torch.zeros_like(t[8]), t[9], t[10], 0.3)
          x = self.apply(z, t[11:15], t[0], 0, 0)
          h = ops.gpt2.layer_norm(x, t[15], t[16], 1e-05)
          h = self.apply(h, t[17:21], self.no_matrix(), 1, 0)
          return torch.equal(y, self.apply(h, t[21:25], x, 0, 1))
      """;

  private static TorchProgram program;

  @BeforeAll
  static void load() {
    KernelLibrary library = KernelLibrary.load().orElseThrow();
    library.use(library.variants().get(library.variants().size() - 1));
    TorchRuntime.load();
    library.register(LibUtils.getLibtorchPath());
    program = TorchProgram.load(Device.cpu(), new ProgramSource(PROGRAM), Map.of());
  }

  @AfterAll
  static void close() {
    program.close();
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "1,768,2304", "3,160,50", "40,17,1000"})
  void linearLayersAreLibtorchs(int rows, int in, int out) {
    assertThat(program.number("linear", IValue.from(rows), IValue.from(in), IValue.from(out)))
        .isLessThan(1e-5);
  }

  @Test
  void layerNormIsLibtorchs() {
    assertThat(program.number("norm", IValue.from(5), IValue.from(321))).isLessThan(1e-5);
  }

  @ParameterizedTest
  @CsvSource({"2,9,8,20,20,weight does not fit", "2,8,8,20,19,bias does not fit"})
  void sizesThatDoNotFitAreExceptions(
      int rows, int width, int weight, int out, int bias, String why) {
    assertThatThrownBy(
            () ->
                program.run(
                    "wrong_linear",
                    IValue.from(rows),
                    IValue.from(width),
                    IValue.from(weight),
                    IValue.from(out),
                    IValue.from(bias)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("gpt2::linear: " + why);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLayerWithoutOutputsIsAnException(boolean int8) {
    assertThatThrownBy(() -> program.run("no_outputs", IValue.from(int8)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("weight does not fit x");
  }

  @ParameterizedTest
  @CsvSource({
    "0x100000, 0x400000, 17592186.0 MB of memory",
    // More bytes than there are numbers for them.
    "0x40000000, 0x80000000, 9223372036854.8 MB of memory",
    "0x80000000, 0xffffffff, 9223372036854.8 MB of memory"
  })
  void aShortageOfMemoryIsToldAsLibtorchDoes(long out, long width, String asked) {
    assertThatThrownBy(() -> program.run("too_large", IValue.from(out), IValue.from(width)))
        .isInstanceOf(EngineException.class)
        .satisfies(e -> assertThat(AllocationFailure.asked(e)).contains(asked));
  }

  @Test
  void numbersInAnotherOrderOrTypeAreExceptions() {
    assertThatThrownBy(() -> program.run("strided"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("gpt2::layer_norm: x is not a matrix");
    assertThatThrownBy(() -> program.run("wrong_type"))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("not in float32");
  }

  @ParameterizedTest
  @CsvSource({"16,0", "-1,0", "0,3", "0,-1"})
  void rowsThatAreNotThereAreExceptions(int token, int position) {
    assertThatThrownBy(() -> program.run("embed", IValue.from(token), IValue.from(position)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("is not in its table");
  }

  @Test
  void attentionWritesTheCache() {
    assertThat(program.number("attend", IValue.from(19), IValue.from(1))).isZero();
    assertThatThrownBy(() -> program.run("attend", IValue.from(20), IValue.from(1)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("a position or slot is not there");
    assertThatThrownBy(() -> program.run("attend", IValue.from(0), IValue.from(2)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("a position or slot is not there");
  }

  /** Each layer is in int8 or not. */
  @ParameterizedTest
  @CsvSource({"false,false", "true,true", "false,true", "true,false"})
  void aBlockIsItsOperatorsOneByOne(boolean int8, boolean mlpInt8) {
    assertThat(program.flag("block", IValue.from(int8), IValue.from(mlpInt8), IValue.from(-1)))
        .isTrue();
  }

  @ParameterizedTest
  @MethodSource("tensorsOfABlock")
  void tensorsThatDoNotFitABlockAreExceptions(int shorter) {
    assertThatThrownBy(
            () -> program.run("block", IValue.from(true), IValue.from(true), IValue.from(shorter)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("gpt2::");
  }

  @Test
  void eachRowMayHaveANumberThatIsAdded() {
    assertThat(program.flag("addend", IValue.from(5))).isTrue();
    assertThatThrownBy(() -> program.run("addend", IValue.from(4)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("addend does not fit");
  }

  static IntStream tensorsOfABlock() {
    return IntStream.range(0, 10);
  }
}
