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

/** Lists the models that can be served without a download. */
@Command(
    name = "models",
    description = {
      "List the models that are there: the embedded one, and what the cache of the hub holds,"
          + " whoever downloaded it. The names are what gpt2.model and gpt2.revision take.",
      ""
    },
    sortOptions = false)
final class ModelsCommand implements Callable<Integer> {
  private static final String NOTHING = "-";

  /** What programs are told. */
  private record Listing(String embedded, String cache, List<CachedModel> models) {}

  private final Supplier<CommandSettings> settings;
  private final Console console;

  @Option(names = "--json", description = "Report one JSON object.")
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
      console.out().println("The cache is " + hub.cache());
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
        table.add(name, size, NOTHING, NOTHING, "an interrupted download");
      }
      for (CachedSnapshot snapshot : model.snapshots()) {
        table.add(
            name,
            size,
            snapshot.revisions().isEmpty() ? NOTHING : String.join(", ", snapshot.revisions()),
            snapshot.commit(),
            snapshot.missing() == null ? "complete" : "without " + snapshot.missing());
        // The commits share their files: the size is that of all.
        name = "";
        size = "";
      }
    }
    return table;
  }
}
