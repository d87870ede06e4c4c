/** What is asked before a write is stored; see {@link dev.kemudi.admission.AdmissionChain}. */
@NullMarked
package dev.kemudi.admission;

import org.jspecify.annotations.NullMarked;
