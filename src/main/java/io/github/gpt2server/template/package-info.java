/**
 * Chat templates: the part of Jinja2 that Hugging Face transformers renders them with. A template
 * reads plain values (maps, lists, texts, numbers), writes text and reaches nothing else; its work,
 * depth and memory are bounded.
 */
package io.github.gpt2server.template;
