@org.jspecify.annotations.NullMarked
package dev.kemudi.gateway;
