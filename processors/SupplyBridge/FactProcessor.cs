using Alloc.Engine.Processing;
using Alloc.Schemas.Allocation;

namespace Alloc.Processors.SupplyBridge;

/// <summary>Makes a command of each fact.</summary>
/// <param name="translate">
/// The command of a key, its fact and the time at which the log took it, milliseconds since 1970 UTC.
/// </param>
internal sealed class FactProcessor<T>(Func<string, T, long, AllocationCommand> translate)
    : IProcessor<string, T, string, AllocationCommand>
    where T : class
{
    private IProcessorContext<string, AllocationCommand> context = null!;

    public void Init(IProcessorContext<string, AllocationCommand> context) => this.context = context;

    public void Process(in Record<string, T> record)
    {
        if (record.Key is null || record.Value is null)
        {
            throw new BadRecordException($"the record has no {(record.Key is null ? "key" : "value")}")
            {
                Kind = BadRecordKind.Incomplete,
            };
        }
        var command = translate(record.Key, record.Value, record.TimestampMs);
        context.Forward(new Record<string, AllocationCommand>(record.Key, command, record.TimestampMs));
    }
}
