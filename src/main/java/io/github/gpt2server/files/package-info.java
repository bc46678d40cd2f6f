/** Reading the files of a model's folder, which may be of any kind. Depends on no other package. */
package io.github.gpt2server.files;
