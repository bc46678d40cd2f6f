package io.github.gpt2server.api;

import java.util.Collection;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.DeserializationProblemHandler;
import tools.jackson.databind.deser.ValueInstantiator;

/** Words what is wrong with a field as a whole, and collects the fields that nobody knows. */
final class FieldProblems extends DeserializationProblemHandler {

  /**
   * Leaves it to {@link UnknownFields}, which judges it when the whole body has been read. Of a
   * record Jackson reports unknown fields once it is made, so {@code owner} is the record.
   */
  @Override
  public boolean handleUnknownProperty(
      DeserializationContext context,
      JsonParser parser,
      ValueDeserializer<?> deserializer,
      Object owner,
      String name) {
    UnknownFields unknown = (UnknownFields) context.getAttribute(UnknownFields.class);
    unknown.take(owner, name, parser, context);
    return true;
  }

  @Override
  public Object handleUnexpectedToken(
      DeserializationContext context,
      JavaType target,
      JsonToken token,
      JsonParser parser,
      String failure) {
    throw wrongShape(target.isCollectionLikeType() || target.isArrayType(), parser);
  }

  /** A scalar where an object is expected gets here. */
  @Override
  public Object handleMissingInstantiator(
      DeserializationContext context,
      Class<?> target,
      ValueInstantiator instantiator,
      JsonParser parser,
      String failure) {
    throw wrongShape(Collection.class.isAssignableFrom(target), parser);
  }

  private static FieldException wrongShape(boolean array, JsonParser parser) {
    return new FieldException(
        parser,
        "must be "
            + (array ? "an array" : "an object")
            + ", but is "
            + StrictScalars.found(parser)
            + ".");
  }
}
