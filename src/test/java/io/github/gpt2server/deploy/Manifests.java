package io.github.gpt2server.deploy;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All objects that the chart renders with some values. */
record Manifests(List<Manifest> all) implements Iterable<Manifest> {

  static Manifests parse(String text) {
    List<Manifest> manifests = new ArrayList<>();
    for (Object document : Yamls.strict().loadAll(text)) {
      if (document != null) {
        manifests.add(new Manifest(Yamls.map(document)));
      }
    }
    return new Manifests(List.copyOf(manifests));
  }

  Set<String> kinds() {
    return all.stream().map(Manifest::kind).collect(Collectors.toCollection(TreeSet::new));
  }

  Stream<Manifest> of(String kind) {
    return all.stream().filter(manifest -> manifest.kind().equals(kind));
  }

  /** The object of that kind and name, if there is one. */
  Optional<Manifest> find(String kind, String name) {
    return of(kind).filter(manifest -> manifest.name().equals(name)).findFirst();
  }

  /** The one that bears the release's own name. */
  Manifest get(String kind) {
    return find(kind, "demo-gpt2-server")
        .orElseThrow(() -> new NoSuchElementException("no " + kind + " among " + kinds()));
  }

  /** The pod that serves, as the Deployment makes it. */
  Manifest serverPod() {
    return new Manifest(get("Deployment").map("spec.template"));
  }

  /** The server's application.yaml. */
  String settings() {
    return (String) get("ConfigMap").map("data").get("application.yaml");
  }

  @Override
  public Iterator<Manifest> iterator() {
    return all.iterator();
  }
}
