package dev.kemudi.cel;

/**
 * What expressions may cost. One unit of cost is about one step of evaluation; the figures are
 * those of Kubernetes 1.32, so that a definition is refused here when it is refused there.
 *
 * @param expressionCharsMax 16384: longer than any rule that a person has written
 * @param estimateMax 10000000: what one rule may cost at worst over one object, as Kubernetes has
 *     it
 * @param estimateTotalMax 100000000: what all rules of one schema may cost at worst, as Kubernetes
 *     has it
 * @param evaluationMax 1000000: what one evaluation may cost, as Kubernetes has it
 * @param evaluationTotalMax 10000000: what all evaluations upon one object may cost, as Kubernetes
 *     has it
 * @param textCharsMax 10000000: what a function may build; walking through more costs more than
 *     {@code evaluationMax}
 * @param requestBytesMax 3145728: what an object's JSON weighs at most; lists without bound are as
 *     long as fits
 * @param schemaDepthMax 64: deeper schemas are attacks or accidents
 */
public record Limits(
        int expressionCharsMax,
        long estimateMax,
        long estimateTotalMax,
        long evaluationMax,
        long evaluationTotalMax,
        int textCharsMax,
        int requestBytesMax,
        int schemaDepthMax) {
    public static Limits defaults() {
        return new Limits(
                16_384,
                10_000_000,
                100_000_000,
                1_000_000,
                10_000_000,
                10_000_000,
                3 * 1024 * 1024,
                64);
    }
}
