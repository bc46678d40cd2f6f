/**
 * Everything that touches Tomcat's own classes: protocols that show when a client has left, the
 * valve for errors before Spring, its temporary folders. The only package that may.
 */
package io.github.gpt2server.web.tomcat;
