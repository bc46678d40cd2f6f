/**
 * Start of the engine that the settings describe: finds the model, chooses the weights' type,
 * checks that memory suffices and loads the draft model beside it.
 */
package io.github.gpt2server.boot.load;
