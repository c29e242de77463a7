using Alloc.Engine.LogClient;
using Confluent.Kafka;

namespace Engine.Tests.LogClient;

public sealed class FailureClassifierTests
{
    public enum Flag
    {
        None,
        Retriable,
        Abort,
    }

    [Theory]
    [InlineData(ErrorCode.GroupLoadInProgress, Flag.Retriable, LogFailure.RetryCall)]
    [InlineData(ErrorCode.Local_TimedOut, Flag.Retriable, LogFailure.RetryCall)]
    [InlineData(ErrorCode.ConcurrentTransactions, Flag.Retriable, LogFailure.RetryCall)]
    [InlineData(ErrorCode.Local_MsgTimedOut, Flag.Abort, LogFailure.Abort)]
    [InlineData(ErrorCode.NotEnoughReplicas, Flag.Abort, LogFailure.Abort)]
    [InlineData(ErrorCode.Local_Transport, Flag.None, LogFailure.NewProducer)]
    [InlineData(ErrorCode.InvalidProducerEpoch, Flag.None, LogFailure.NewProducer)]
    [InlineData(ErrorCode.ProducerFenced, Flag.None, LogFailure.NewProducer)]
    [InlineData(ErrorCode.Local_Fenced, Flag.None, LogFailure.NewProducer)]
    [InlineData(ErrorCode.Local_Fatal, Flag.None, LogFailure.NewProducer)]
    [InlineData(ErrorCode.Local_Conflict, Flag.None, LogFailure.NewProducer)]
    [InlineData(ErrorCode.Unknown, Flag.None, LogFailure.NewProducer)]
    [InlineData(ErrorCode.IllegalGeneration, Flag.Abort, LogFailure.Rejoin)]
    [InlineData(ErrorCode.UnknownMemberId, Flag.Abort, LogFailure.Rejoin)]
    [InlineData(ErrorCode.FencedInstanceId, Flag.Abort, LogFailure.Rejoin)]
    [InlineData(ErrorCode.FencedInstanceId, Flag.None, LogFailure.Rejoin)]
    [InlineData(ErrorCode.TransactionalIdAuthorizationFailed, Flag.None, LogFailure.GiveUp)]
    [InlineData(ErrorCode.TopicAuthorizationFailed, Flag.Abort, LogFailure.GiveUp)]
    [InlineData(ErrorCode.InvalidTransactionTimeout, Flag.None, LogFailure.GiveUp)]
    [InlineData(ErrorCode.MsgSizeTooLarge, Flag.Abort, LogFailure.GiveUp)]
    public void A_transactional_failure_has_one_meaning(ErrorCode code, Flag flag, LogFailure expected)
    {
        var error = new Error(code, "seen");
        KafkaException exception = flag switch
        {
            Flag.Retriable => new KafkaRetriableException(error),
            Flag.Abort => new KafkaTxnRequiresAbortException(error),
            _ => new KafkaException(error),
        };

        Assert.Equal(expected, FailureClassifier.OfTransaction(exception));
    }

    [Theory]
    [InlineData(ErrorCode.Local_QueueFull, LogFailure.QueueFull)]
    [InlineData(ErrorCode.Local_MsgTimedOut, LogFailure.Abort)]
    [InlineData(ErrorCode.Local_PurgeQueue, LogFailure.Abort)]
    [InlineData(ErrorCode.InvalidProducerEpoch, LogFailure.NewProducer)]
    [InlineData(ErrorCode.Local_Fatal, LogFailure.NewProducer)]
    [InlineData(ErrorCode.MsgSizeTooLarge, LogFailure.GiveUp)]
    [InlineData(ErrorCode.TopicAuthorizationFailed, LogFailure.GiveUp)]
    public void A_failed_send_has_one_meaning(ErrorCode code, LogFailure expected) =>
        Assert.Equal(expected, FailureClassifier.OfSend(new Error(code, "seen")));

    [Theory]
    [InlineData(ErrorCode.Local_Transport, LogFailure.RetryCall)]
    [InlineData(ErrorCode.Local_TimedOut, LogFailure.RetryCall)]
    [InlineData(ErrorCode.UnstableOffsetCommit, LogFailure.RetryCall)]
    [InlineData(ErrorCode.Local_AutoOffsetReset, LogFailure.GiveUp)]
    [InlineData(ErrorCode.OffsetOutOfRange, LogFailure.GiveUp)]
    [InlineData(ErrorCode.Local_BadMsg, LogFailure.GiveUp)]
    [InlineData(ErrorCode.GroupAuthorizationFailed, LogFailure.GiveUp)]
    [InlineData(ErrorCode.Local_MaxPollExceeded, LogFailure.Rejoin)]
    [InlineData(ErrorCode.FencedInstanceId, LogFailure.Rejoin)]
    [InlineData(ErrorCode.UnknownMemberId, LogFailure.Rejoin)]
    public void A_consumers_failure_has_one_meaning(ErrorCode code, LogFailure expected) =>
        Assert.Equal(expected, FailureClassifier.OfConsume(new Error(code, "seen")));
}
