package io.github.gpt2server.cli;

import io.github.gpt2server.cli.console.Console;
import io.github.gpt2server.cli.console.Table;
import io.github.gpt2server.hub.EmbeddedModel;
import io.github.gpt2server.hub.ModelFolder;
import io.github.gpt2server.hub.ModelHub;
import io.github.gpt2server.hub.cache.CachedModel;
import io.github.gpt2server.hub.cache.CachedModel.CachedSnapshot;
import io.github.gpt2server.text.Bytes;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** The {@code models} command: lists the models that can be served without a download. */
@Command(
    name = "models",
    description = {
      "List the models that can be served without a download: the embedded one, and those in the"
          + " hub's cache, including models that Python programs downloaded. Names and revisions are"
          + " values for gpt2.model and gpt2.revision.",
      ""
    },
    sortOptions = false)
final class ModelsCommand implements Callable<Integer> {
  private static final String NOTHING = "-";

  /** The report for programs. */
  private record Listing(String embedded, String cache, List<CachedModel> models) {}

  private final Supplier<CommandSettings> settings;
  private final Console console;

  @Option(names = "--json", description = "Print the report as one JSON object.")
  private boolean json;

  ModelsCommand(Supplier<CommandSettings> settings, Console console) {
    this.settings = settings;
    this.console = console;
  }

  @Override
  public Integer call() {
    ModelHub hub = settings.get().hub();
    List<CachedModel> models = hub.cached();
    if (json) {
      Listing listing = new Listing(EmbeddedModel.ID, hub.cache().toString(), models);
      console.out().println(JsonMapper.shared().writeValueAsString(listing));
    } else {
      table(models).print(console.out());
      console.out().println("Cache: " + hub.cache());
    }
    return 0;
  }

  private static Table table(List<CachedModel> models) {
    Table table = new Table("model", "size", "revision", "commit", "files");
    table.add(ModelFolder.EMBEDDED, NOTHING, NOTHING, NOTHING, "inside the program");
    for (CachedModel model : models) {
      String name = model.model();
      String size = Bytes.text(model.bytes());
      if (model.snapshots().isEmpty()) {
        table.add(name, size, NOTHING, NOTHING, "download interrupted");
      }
      for (CachedSnapshot snapshot : model.snapshots()) {
        table.add(
            name,
            size,
            snapshot.revisions().isEmpty() ? NOTHING : String.join(", ", snapshot.revisions()),
            snapshot.commit(),
            snapshot.missing() == null ? "complete" : "missing: " + snapshot.missing());
        // The commits share their files, so the size is that of all commits.
        name = "";
        size = "";
      }
    }
    return table;
  }
}
