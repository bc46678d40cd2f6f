package io.github.gpt2server.bench;

import io.github.gpt2server.bench.LoadGenerator.Round;
import io.github.gpt2server.model.torch.WeightType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Measures one type of weights. In every round come, one after the other, the bare step, the server
 * and every peer, so that what else the machine does meets them all; a first round warms up and is
 * not counted. Before all of them the server answers for a while, because until Java has compiled
 * what it runs, its compiler takes processor time from the steps.
 */
final class Measurement {
  private static final int AFTER_LONG_PROMPT = 8;

  /** Tokens after which Java's compilers take little time any more: a few percent of two cores. */
  private static final int WARM_UP_TOKENS = 40_000;

  /** How many of them one stream gets alone. */
  private static final int WARM_UP_TOKENS_ALONE = 3000;

  /** A peer's run of one file. */
  record PeerFile(Peer peer, GgufType type, Path file) {}

  /**
   * How much is asked for.
   *
   * @param fields JSON fields for every request, such as {@code "temperature":0}
   */
  record Load(
      int rounds,
      int promptTokens,
      int newTokens,
      int longPrompt,
      List<Integer> streams,
      String fields) {}

  private final StepBenchmark bare;
  private final LoadGenerator server;
  private final MemoryBandwidth memory;
  private final List<PeerFile> peers;
  private final Load load;

  Measurement(
      StepBenchmark bare,
      LoadGenerator server,
      MemoryBandwidth memory,
      List<PeerFile> peers,
      Load load) {
    this.bare = bare;
    this.server = server;
    this.memory = memory;
    this.peers = peers;
    this.load = load;
  }

  /** Lets Java compile what the server runs. */
  void warmUp() {
    int most = Collections.max(load.streams());
    answer(1, WARM_UP_TOKENS_ALONE);
    answer(most, WARM_UP_TOKENS - WARM_UP_TOKENS_ALONE);
  }

  private void answer(int streams, int atLeast) {
    for (int tokens = 0; tokens < atLeast; tokens += streams * load.newTokens()) {
      server.run(streams, load.promptTokens(), load.newTokens(), load.fields());
    }
  }

  /** Decoding by {@code streams} clients at once. */
  Decoding decode(int streams) {
    List<Double> steps = new ArrayList<>();
    List<Round> rounds = new ArrayList<>();
    List<Double> bandwidth = new ArrayList<>();
    List<List<Double>> others = lists();
    for (int round = 0; round <= load.rounds(); round++) {
      if (round == 1) {
        List.of(steps, rounds, bandwidth).forEach(List::clear);
        others.forEach(List::clear);
      }
      steps.add(bare.decode(streams, load.promptTokens(), load.newTokens()));
      rounds.add(server.run(streams, load.promptTokens(), load.newTokens(), load.fields()));
      for (int i = 0; i < peers.size(); i++) {
        PeerFile other = peers.get(i);
        others
            .get(i)
            .add(
                other
                    .peer()
                    .run(other.file(), streams, load.promptTokens(), load.newTokens())
                    .tokensPerSecond());
      }
      if (streams == 1) {
        bandwidth.add(memory.bytesPerSecond());
      }
    }
    return new Decoding(streams, steps, rounds, others, bandwidth);
  }

  /** Tokens a second of reading a long prompt, the time to its first token. */
  Prefill prefill() {
    List<Double> steps = new ArrayList<>();
    List<Double> http = new ArrayList<>();
    List<List<Double>> others = lists();
    for (int round = 0; round <= load.rounds(); round++) {
      if (round == 1) {
        List.of(steps, http).forEach(List::clear);
        others.forEach(List::clear);
      }
      steps.add(bare.prefill(load.longPrompt(), false));
      http.add(
          speed(server.run(1, load.longPrompt(), AFTER_LONG_PROMPT, load.fields()).firstToken()));
      for (int i = 0; i < peers.size(); i++) {
        PeerFile other = peers.get(i);
        others
            .get(i)
            .add(speed(other.peer().run(other.file(), 1, load.longPrompt(), 1).promptMillis()));
      }
    }
    return new Prefill(steps, http, others);
  }

  private double speed(double promptMillis) {
    return 1000 * load.longPrompt() / promptMillis;
  }

  private List<List<Double>> lists() {
    List<List<Double>> lists = new ArrayList<>();
    peers.forEach(peer -> lists.add(new ArrayList<>()));
    return lists;
  }

  /**
   * Rounds of decoding; lists run in parallel.
   *
   * @param steps tokens a second of the bare step
   * @param rounds what clients saw through HTTP
   * @param others for each peer's file, tokens a second
   * @param bandwidth bytes a second that memory gives; empty but for one stream
   */
  record Decoding(
      int streams,
      List<Double> steps,
      List<Round> rounds,
      List<List<Double>> others,
      List<Double> bandwidth) {
    List<Double> http() {
      return rounds.stream().map(Round::tokensPerSecond).toList();
    }

    Spread firstToken() {
      return Spread.of(rounds.stream().map(Round::firstToken).toList());
    }

    Spread gap(double quantile) {
      return Spread.of(rounds.stream().map(round -> round.gap(quantile)).toList());
    }
  }

  /** Rounds of reading a long prompt, in tokens a second; through HTTP with the first token. */
  record Prefill(List<Double> steps, List<Double> http, List<List<Double>> others) {}

  /**
   * All of one type of weights.
   *
   * @param peers whose numbers stand in {@code others}, in that order
   * @param weightBytes what a step of one sequence reads of the weights
   * @param mebibytesAtStart resident memory of the server before the first request, in MiB
   * @param mebibytesAtEnd and after the last
   */
  record Result(
      WeightType type,
      List<PeerFile> peers,
      List<Decoding> decodings,
      Prefill prefill,
      long weightBytes,
      double secondsToReady,
      long mebibytesAtStart,
      long mebibytesAtEnd) {

    /** The peers, each once. */
    List<Peer> distinctPeers() {
      return peers.stream().map(PeerFile::peer).distinct().toList();
    }

    /** Of the peer's types, the one that was fastest, by its index. */
    int best(Peer peer, List<List<Double>> others) {
      int best = -1;
      for (int i = 0; i < peers.size(); i++) {
        if (peers.get(i).peer() == peer
            && (best < 0
                || Spread.of(others.get(i)).median() > Spread.of(others.get(best)).median())) {
          best = i;
        }
      }
      return best;
    }
  }

  /** The types of a peer that a type of ours is held against: the same size, for int8 any. */
  static final Map<WeightType, List<GgufType>> COUNTERPARTS =
      new EnumMap<>(
          Map.of(
              WeightType.FLOAT32, List.of(GgufType.F32),
              WeightType.BFLOAT16, List.of(GgufType.F16),
              WeightType.INT8, List.of(GgufType.values())));
}
