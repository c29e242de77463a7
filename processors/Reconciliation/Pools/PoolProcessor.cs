using Alloc.Engine.Processing;
using Alloc.Processors.Reconciliation.Differences;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Effects;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Reconciliation;
using Alloc.Schemas.Warehouse;

namespace Alloc.Processors.Reconciliation.Pools;

/// <summary>Compares what is said about the pools of a partition.</summary>
internal sealed class PoolProcessor(ReconciliationOptions options, ReconciliationSerdes serdes)
    : IProcessor<string, object, string, object>
{
    private IProcessorContext<string, object> context = null!;
    private PartitionCatalogue catalogue = null!;
    private AnswerFold answers = null!;
    private ExpiryFold expiries = null!;
    private EffectFold effects = null!;
    private GoodsFold goods = null!;
    private SupplyFold supply = null!;
    private WriterFold writers = null!;
    private RepairAnswers repairs = null!;
    private DriftFold drift = null!;

    public void Init(IProcessorContext<string, object> context)
    {
        this.context = context;
        var stores = new PoolStores(context);
        catalogue = new PartitionCatalogue(context, DifferenceStores.OfPools);
        var differences = new DifferenceBook(
            context, DifferenceStores.OfPools, [[options.OutcomeTopic], [options.MovementTopic]],
            [options.OutcomeTopic, options.MovementTopic], options.Instruments, catalogue);
        answers = new AnswerFold(options, serdes.Commands, context, stores, differences, catalogue);
        expiries = new ExpiryFold(options.OutcomeTopic, context, stores, differences, catalogue);
        effects = new EffectFold(options, serdes.Redeliveries, context, stores, differences, catalogue);
        goods = new GoodsFold(options, context, stores, differences, catalogue);
        supply = new SupplyFold(differences, new OpenGaps(stores.MarkOfPool));
        writers = new WriterFold(differences);
        repairs = new RepairAnswers(differences);
        drift = new DriftFold(options.OutcomeTopic, differences);
    }

    public void Process(in Record<string, object> record)
    {
        var at = context.Metadata!.Value;
        switch (record.Value)
        {
            case RawCommand command:
                answers.Take(command, at.Offset, record.TimestampMs);
                break;
            case DeadLetterOrigin letter when letter.Topic == options.CommandTopic:
                answers.Answer(letter.Offset, record.TimestampMs);
                break;
            case AllocationOutcome outcome:
                Take(outcome, at);
                break;
            case EffectReceipt receipt:
                effects.Take(record.Key, receipt, MismatchIds.PositionOf(at), record.TimestampMs);
                break;
            case WarehouseMovement movement:
                goods.Take(record.Key, movement, MismatchIds.PositionOf(at), record.TimestampMs);
                break;
            case ScanReport report:
                drift.Take(record.Key, report, at.Partition);
                break;
            case ReconciliationControl control when catalogue.Obey(record.Key, control):
                effects.Follow();
                break;
            default:
                break;
        }
    }

    private void Take(AllocationOutcome outcome, in RecordMetadata at)
    {
        if (outcome.CommandId is { } id && outcome.Source.Topic == options.CommandTopic)
        {
            answers.Answer(outcome.Source.Offset, outcome.TMs);
            answers.Answered(outcome.PoolId, id);
        }
        repairs.Take(outcome);
        expiries.Take(outcome, at);
        effects.Take(outcome, at);
        goods.Take(outcome, at);
        supply.Take(outcome, at);
        writers.Take(outcome, at);
    }
}
