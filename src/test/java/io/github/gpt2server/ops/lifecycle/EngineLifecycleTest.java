package io.github.gpt2server.ops.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.gpt2server.engine.schedule.EngineStatus;
import io.github.gpt2server.engine.schedule.PrefixCacheStatus;
import io.github.gpt2server.serving.ServedModel;
import io.github.gpt2server.serving.ServedModelHolder;
import io.github.gpt2server.testing.ServedModelFixture;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.springframework.boot.DefaultApplicationArguments;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.mock.env.MockEnvironment;

/** How loading and shutdown meet. */
class EngineLifecycleTest {
  private static final ServedModel MODEL = ServedModelFixture.bare();

  private final ServedModelHolder holder = new ServedModelHolder();
  private final AtomicInteger closed = new AtomicInteger();
  private final EngineControl engine =
      new EngineControl() {
        @Override
        public Optional<EngineStatus> status() {
          return holder
              .get()
              .map(model -> new EngineStatus(0, 0, 4, 0, PrefixCacheStatus.UNUSED, true, true));
        }

        @Override
        public void stopAccepting() {}

        @Override
        public boolean awaitIdle(Duration limit) {
          return true;
        }

        @Override
        public void close() {
          holder.get().ifPresent(model -> closed.incrementAndGet());
        }
      };
  private final ServerState state = new ServerState(engine);

  @Test
  void stopsBeforeTheWebServer() {
    assertThat(lifecycle(Duration.ofSeconds(1)).getPhase())
        .isGreaterThan(WebServerApplicationContext.GRACEFUL_SHUTDOWN_PHASE)
        .isGreaterThan(WebServerApplicationContext.START_STOP_LIFECYCLE_PHASE);
  }

  @Test
  void waitsForALoadThatHasBegunAndClosesWhatItGave() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    CompletableFuture<Void> loading =
        load(
            () -> {
              begun.countDown();
              goOn.await();
              return new LoadedModel(MODEL, 1, 1, "", "");
            });
    begun.await();
    assertThat(state.phase()).isEqualTo(ServerState.Phase.LOADING);

    CompletableFuture<Void> stopping =
        CompletableFuture.runAsync(lifecycle(Duration.ofSeconds(20))::stop);
    await().until(state::isStopping);
    assertThat(state.phase()).isEqualTo(ServerState.Phase.STOPPING);
    assertThat(stopping).isNotDone();
    goOn.countDown();

    stopping.get(10, TimeUnit.SECONDS);
    assertThat(closed).hasValue(1);
    assertThatThrownBy(loading::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(StoppedWhileLoadingException.class)
        .hasRootCauseMessage("The server was asked to stop while it loaded the model.");
  }

  @Test
  void doesNotWaitForALoadThatFailed() throws Exception {
    CompletableFuture<Void> loading =
        load(
            () -> {
              throw new IllegalStateException("no model");
            });
    assertThatThrownBy(loading::get).hasRootCauseMessage("no model");

    long start = System.nanoTime();
    lifecycle(Duration.ofSeconds(20)).stop();

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void givesUpOnALoadThatTakesTooLong() {
    assertThat(state.beginLoading()).isTrue();

    long start = System.nanoTime();
    lifecycle(Duration.ofMillis(200)).stop();

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isBetween(Duration.ofMillis(200), Duration.ofSeconds(5));
  }

  @Test
  void loadsNothingOnceStopped() {
    lifecycle(Duration.ofSeconds(1)).stop();

    CompletableFuture<Void> loading = load(() -> new LoadedModel(MODEL, 1, 1, "", ""));

    assertThatThrownBy(loading::get).hasCauseInstanceOf(StoppedWhileLoadingException.class);
    assertThat(holder.get()).isEmpty();
  }

  @Test
  void servesOnceLoaded() throws Exception {
    load(() -> new LoadedModel(MODEL, 1, 1, "", "")).get();

    assertThat(holder.get()).contains(MODEL);
    assertThat(state.phase()).isEqualTo(ServerState.Phase.SERVING);
  }

  @Test
  void loadsBesideTheStartOfTheWebServerButStepsOnlyAfterIt() throws Exception {
    CountDownLatch weightsAreThere = new CountDownLatch(1);
    ModelStartup startup =
        startup(
            () -> {
              weightsAreThere.countDown();
              state.awaitWebServer();
              return new LoadedModel(MODEL, 1, 1, "", "");
            });
    startup.begin();
    weightsAreThere.await();
    assertThat(state.phase()).isEqualTo(ServerState.Phase.LOADING);

    startup.run(new DefaultApplicationArguments());

    assertThat(state.phase()).isEqualTo(ServerState.Phase.SERVING);
  }

  @Test
  void aContextThatFailsBeforeItIsStartedEndsTheLoad() {
    ModelStartup startup =
        startup(
            () -> {
              state.awaitWebServer();
              throw new AssertionError("the web server has never answered");
            });
    startup.begin();
    await().until(state::isLoading);

    new EngineLifecycle(engine, state, Duration.ofSeconds(20)).destroy();

    assertThat(state.isLoading()).isFalse();
    assertThatThrownBy(() -> startup.run(new DefaultApplicationArguments()))
        .isInstanceOf(StoppedWhileLoadingException.class);
  }

  @Test
  void aContextThatFailsAfterTheModelIsLoadedClosesIt() throws Exception {
    load(() -> new LoadedModel(MODEL, 1, 1, "", "")).get();
    EngineLifecycle lifecycle = new EngineLifecycle(engine, state, Duration.ofSeconds(20));

    lifecycle.destroy();
    lifecycle.destroy();

    assertThat(closed).hasValue(1);
  }

  private EngineLifecycle lifecycle(Duration grace) {
    EngineLifecycle lifecycle = new EngineLifecycle(engine, state, grace);
    lifecycle.start();
    return lifecycle;
  }

  private CompletableFuture<Void> load(ModelLoader loader) {
    ModelStartup startup = startup(loader);
    startup.begin();
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                startup.run(new DefaultApplicationArguments());
                done.complete(null);
              } catch (Exception e) {
                done.completeExceptionally(e);
              }
            });
    thread.start();
    return done;
  }

  private ModelStartup startup(ModelLoader loader) {
    return new ModelStartup(loader, holder, state, new StartupLine(new MockEnvironment()));
  }
}
