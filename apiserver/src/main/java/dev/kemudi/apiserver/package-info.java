/** Groups, kinds, CRDs, apply, admission, list and watch: the Kubernetes API. */
@NullMarked
package dev.kemudi.apiserver;

import org.jspecify.annotations.NullMarked;
