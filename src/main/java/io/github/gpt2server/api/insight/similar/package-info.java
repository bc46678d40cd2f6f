/** {@code POST /v1/most-similar}: the tokens whose vectors are nearest. */
package io.github.gpt2server.api.insight.similar;
