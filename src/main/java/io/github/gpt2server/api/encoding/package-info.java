/** Numbers in answers as base64 instead of JSON, for those that ask for whole vocabularies. */
package io.github.gpt2server.api.encoding;
