using Confluent.Kafka;

namespace Alloc.Engine.LogClient;

/// <summary>
/// Decides once, in one place, what a failure of the Kafka client means. The three flags of librdkafka's transactional
/// calls come first (retriable, abort, fatal); with none of them set a transactional call's failure is fatal for its
/// producer.
/// </summary>
internal static class FailureClassifier
{
    /// <summary>Classifies an exception of a transactional call.</summary>
    public static LogFailure OfTransaction(KafkaException error) => error switch
    {
        { Error.Code: var code } when IsRejoin(code) => LogFailure.Rejoin,
        { Error.Code: var code } when IsRefusal(code) => LogFailure.GiveUp,
        KafkaRetriableException => LogFailure.RetryCall,
        KafkaTxnRequiresAbortException => LogFailure.Abort,
        { Error.Code: ErrorCode.Local_QueueFull } => LogFailure.QueueFull,
        _ => LogFailure.NewProducer,
    };

    /// <summary>Classifies an error of a produce call or a delivery.</summary>
    public static LogFailure OfSend(Error error) => error.Code switch
    {
        ErrorCode.Local_QueueFull => LogFailure.QueueFull,
        var code when IsRefusal(code) => LogFailure.GiveUp,
        _ when error.IsFatal || IsFenced(error.Code) => LogFailure.NewProducer,
        _ => LogFailure.Abort,
    };

    /// <summary>Classifies an error of a consumer.</summary>
    public static LogFailure OfConsume(Error error) => error.Code switch
    {
        ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange => LogFailure.GiveUp,
        ErrorCode.Local_BadMsg or ErrorCode.Local_BadCompression or ErrorCode.InvalidMsg => LogFailure.GiveUp,
        var code when IsRefusal(code) => LogFailure.GiveUp,
        var code when IsRejoin(code) => LogFailure.Rejoin,
        _ when error.IsFatal => LogFailure.Rejoin,
        _ => LogFailure.RetryCall,
    };

    public static LogException Transaction(string call, KafkaException error) => new(
        $"{call} failed: {error.Error.Reason} ({error.Error.Code})", OfTransaction(error),
        error.Error.Code.ToString(), error);

    public static LogException Send(TopicPartition partition, Error error) => new(
        $"A record for {partition} was not delivered: {error.Reason} ({error.Code})", OfSend(error),
        error.Code.ToString());

    public static LogException Consume(string call, Error error, Exception? inner = null) => new(
        $"{call} failed: {error.Reason} ({error.Code})", OfConsume(error), error.Code.ToString(), inner);

    private static bool IsRejoin(ErrorCode code) => code is ErrorCode.IllegalGeneration or ErrorCode.UnknownMemberId
        or ErrorCode.FencedInstanceId or ErrorCode.RebalanceInProgress or ErrorCode.Local_MaxPollExceeded;

    private static bool IsFenced(ErrorCode code) =>
        code is ErrorCode.InvalidProducerEpoch or ErrorCode.ProducerFenced or ErrorCode.Local_Fenced
            or ErrorCode.Local_Fatal;

    private static bool IsRefusal(ErrorCode code) => code is ErrorCode.TopicAuthorizationFailed
        or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
        or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.SaslAuthenticationFailed
        or ErrorCode.Local_Authentication
        or ErrorCode.InvalidTransactionTimeout or ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature
        or ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidRecord
        or ErrorCode.InvalidTimestamp;
}
