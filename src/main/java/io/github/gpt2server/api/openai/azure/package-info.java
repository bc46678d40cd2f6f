/** The same endpoints under the paths that Azure OpenAI clients use. */
package io.github.gpt2server.api.openai.azure;
