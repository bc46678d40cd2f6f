/** OpenAI's endpoints under the paths of Azure OpenAI. */
package io.github.gpt2server.api.openai.azure;
