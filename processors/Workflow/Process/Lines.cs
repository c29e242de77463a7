using Alloc.Schemas.Orders;

namespace Alloc.Processors.Workflow.Process;

/// <summary>What a line has, by what the ledger told of its reservation.</summary>
internal static class Lines
{
    extension(LineProcess line)
    {
        /// <summary>Whether it is still to be served.</summary>
        public bool IsOpen => line.ClosedWhy is null;

        /// <summary>Units of the pool that is asked, for the units that are ordered.</summary>
        public long Needed => checked(line.Quantity * line.PerUnit);

        /// <summary>Units of the pool that is asked for one that was ordered.</summary>
        public long PerUnit => line.Candidate < line.Candidates.Count ? line.Candidates[line.Candidate].PerUnit : 1;

        /// <summary>Whether its units are promised, committed or used up.</summary>
        public bool IsServed => line.Units.Held + line.Units.Confirmed + line.Units.Consumed >= line.Needed;

        /// <summary>Whether its units are committed or used up.</summary>
        public bool IsConfirmed => line.Units.Confirmed + line.Units.Consumed >= line.Needed;

        public bool IsShipped => line.Units.Consumed >= line.Needed;

        /// <summary>Whether there is anything that could be given back.</summary>
        public bool HasUnits => line.Units.Held > 0 || line.Units.Confirmed > 0 || line.Units.Waiting > 0;

        /// <summary>Whether it had a reservation that has nothing any more.</summary>
        public bool IsLost => line.Units.Version > 0 && !line.HasUnits && line.Units.Consumed == 0;

        /// <summary>Whether the ledger could still have something of it that has to be given back.</summary>
        public bool IsToRelease => line.ReservationId.Length > 0 && !line.IsReleased
            && (line.HasUnits || line.Units.Version == 0);
    }

    extension(OrderProcess order)
    {
        /// <summary>Lines that are still to be served.</summary>
        public IEnumerable<LineProcess> OpenLines => order.Lines.Where(l => l.IsOpen);

        /// <summary>Whether it ends, or has ended, without being shipped.</summary>
        public bool IsEnding => order.End != OrderEnd.Unknown;

        /// <summary>Whether it was placed.</summary>
        public bool IsPlaced => order.Order is not null;

        public LineProcess? Line(string lineId) => order.Lines.FirstOrDefault(l => l.LineId == lineId);

        /// <summary>What a line costs now, in the smallest unit of the currency.</summary>
        public long Price(string lineId) => order.Line(lineId) is { } line
            ? checked(line.Quantity * line.UnitPriceMinor) : 0;

        /// <summary>The payment that counts; null: none was asked for.</summary>
        public PaymentProcess? Payment => order.Payments.Count == 0 ? null : order.Payments[^1];
    }
}
