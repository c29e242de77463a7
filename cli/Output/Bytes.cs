namespace Alloc.Cli.Output;

/// <summary>Sizes for people: <c>812 B</c>, <c>4.2 MiB</c>.</summary>
internal static class Bytes
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Show(long size)
    {
        double value = size;
        var unit = 0;
        while (value >= 1_024 && unit < Units.Length - 1)
        {
            value /= 1_024;
            unit++;
        }
        return unit == 0 ? $"{size} B" : $"{value:0.0} {Units[unit]}";
    }
}
