namespace Alloc.Schemas.Avro;

/// <summary>The 64-bit Rabin fingerprint of the Avro 1.11 specification ("Schema Fingerprints", CRC-64-AVRO).</summary>
public static class RabinFingerprint
{
    private const ulong Empty = 0xc15d213aa4d7a795UL;

    private static readonly ulong[] Table = CreateTable();

    /// <summary>The fingerprint of the bytes, usually of a schema's canonical form in UTF-8.</summary>
    public static ulong Compute(byte[] bytes)
    {
        var fingerprint = Empty;
        foreach (var b in bytes)
        {
            fingerprint = (fingerprint >> 8) ^ Table[(int)(fingerprint ^ b) & 0xff];
        }
        return fingerprint;
    }

    private static ulong[] CreateTable()
    {
        var table = new ulong[256];
        for (var i = 0; i < table.Length; i++)
        {
            var value = (ulong)i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value >> 1) ^ ((value & 1) == 0 ? 0 : Empty);
            }
            table[i] = value;
        }
        return table;
    }
}
