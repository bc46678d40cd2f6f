package io.github.gpt2server.cli;

import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.console.Report;
import io.github.gpt2server.hub.ModelFolder;
import io.github.gpt2server.hub.ModelHub;
import io.github.gpt2server.hub.cache.Snapshot;
import io.github.gpt2server.hub.download.ProgressDisplay;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The {@code download} command: fetches a model into the cache without serving it. */
@Command(
    name = "download",
    description = {
      "Download the files that the server needs of a hub's model into the cache, unless they are"
          + " cached already, and print the commit and the folder. An interrupted download is"
          + " resumed the next time. For image builds and machines without a network: copy the cache"
          + " there, and set gpt2.hub.cache to it and gpt2.hub.offline to true.",
      ""
    },
    footer = {
      "",
      "The hub, its cache and the token are configured as for the server:",
      "--gpt2.hub.endpoint=ADDRESS, --gpt2.hub.cache=FOLDER, HF_ENDPOINT, HF_TOKEN,",
      "HF_HOME, HF_HUB_CACHE, HTTPS_PROXY."
    },
    sortOptions = false)
final class DownloadCommand implements Callable<Integer> {
  private final Supplier<CommandSettings> settings;
  private final Console console;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "ID",
      description = "The model's name on the hub, such as openai-community/gpt2.")
  private String id;

  @Option(
      names = "--revision",
      paramLabel = "REVISION",
      description = "A branch, a tag or a full commit hash. Default: gpt2.revision, or else main.")
  private String revision;

  @Option(names = "--json", description = "Print the report as one JSON object.")
  private boolean json;

  DownloadCommand(Supplier<CommandSettings> settings, Console console) {
    this.settings = settings;
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (id.equals(ModelFolder.EMBEDDED)) {
      throw wrong("The embedded model is inside the program and needs no download");
    }
    if (!ModelHub.isModelId(id)) {
      throw wrong(
          "ID must be organisation/name, such as openai-community/gpt2, but is '%s'".formatted(id));
    }
    if (revision != null && !ModelHub.isRevision(revision)) {
      throw wrong(
          "--revision must be a branch, a tag or a full commit hash, but is '%s'"
              .formatted(revision));
    }
    CommandSettings given = settings.get();
    Snapshot snapshot;
    try (ProgressDisplay display = new ProgressDisplay(console.terminal(), console.err())) {
      snapshot = given.hub().fetch(id, revision == null ? given.revision() : revision, display);
    }
    Report report =
        new Report()
            .add("model", snapshot.model())
            .add("commit", snapshot.commit())
            .add("folder", snapshot.folder().toString());
    report.print(console.out(), json);
    return 0;
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }
}
