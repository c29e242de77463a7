using System.Globalization;
using Alloc.Processors.Records;
using Alloc.Schemas.Payments;

namespace Alloc.Processors.Workflow.Process;

/// <summary>
/// Ids of what the workflow asks for. They come from the journal, so that whoever replays it asks for the same again,
/// and is answered as before.
/// </summary>
internal static class WorkflowIds
{
    /// <summary>The reservation of a line: <c>order/line</c>, later ones <c>order/line#2</c>.</summary>
    public static string Reservation(string orderRef, string lineId, int attempt) =>
        attempt == 1 ? CompoundIds.Join(orderRef, lineId) : $"{CompoundIds.Join(orderRef, lineId)}#{Show(attempt)}";

    /// <summary>A command to the ledger: <c>wf/order/sequence/line</c>, by the event that asks.</summary>
    public static string Command(string orderRef, long sequence, string lineId) =>
        $"wf/{CompoundIds.Join(orderRef, Show(sequence))}/{lineId}";

    public static string FraudRequest(string orderRef, int number) => $"{orderRef}/fraud/{Show(number)}";

    public static string Payment(string orderRef, int number) => $"{orderRef}/pay/{Show(number)}";

    /// <summary>The key of an operation on a payment: a try after a time-out has the same.</summary>
    /// <param name="paymentId">The payment.</param>
    /// <param name="operation">What is asked.</param>
    /// <param name="part">What it is for, where a payment has several of the kind; empty: it has one.</param>
    /// <param name="failures">How often it failed for good before: what is tried anew has another key.</param>
    public static string PaymentKey(string paymentId, PaymentOperation operation, string part, int failures)
    {
        // Enumerations have names of their own in the log; a key stays as it is whatever becomes of them.
        var word = operation switch
        {
            PaymentOperation.Authorize => "authorize",
            PaymentOperation.Capture => "capture",
            PaymentOperation.Void => "void",
            PaymentOperation.Refund => "refund",
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "Nothing is asked."),
        };
        var key = part.Length == 0 ? $"{paymentId}/{word}" : $"{paymentId}/{word}/{part}";
        return failures == 0 ? key : $"{key}#{Show(failures + 1)}";
    }

    /// <summary>Whether a key is of an operation for a part, however often it failed before.</summary>
    public static bool IsPaymentKey(string key, string paymentId, PaymentOperation operation, string part)
    {
        var plain = PaymentKey(paymentId, operation, part, failures: 0);
        return key == plain || key.StartsWith(plain + "#", StringComparison.Ordinal);
    }

    private static string Show(long number) => number.ToString(CultureInfo.InvariantCulture);
}
