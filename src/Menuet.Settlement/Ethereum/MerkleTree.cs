using System.Collections.Immutable;

namespace Menuet.Settlement.Ethereum;

/// <summary>A Merkle tree whose pairs are hashed in order of their bytes, so that a proof needs no sides.</summary>
/// <remarks>A node without a neighbour rises as it is. Leaves are double hashes, hence no inner node can pass for one.</remarks>
internal sealed class MerkleTree
{
    private readonly List<ImmutableArray<byte[]>> levels = [];

    /// <param name="leaves">At least one, 32 bytes each.</param>
    internal MerkleTree(ImmutableArray<byte[]> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfZero(leaves.Length);
        for (var level = leaves; ; level = [.. level.Chunk(2).Select(pair => pair.Length == 2 ? Pair(pair[0], pair[1]) : pair[0])])
        {
            levels.Add(level);
            if (level.Length == 1)
            {
                break;
            }
        }
    }

    internal byte[] Root => levels[^1][0];

    /// <summary>What leads from a leaf to the root.</summary>
    internal ImmutableArray<byte[]> Proof(int leaf)
    {
        var proof = ImmutableArray.CreateBuilder<byte[]>();
        foreach (var level in levels)
        {
            if ((leaf ^ 1) < level.Length)
            {
                proof.Add(level[leaf ^ 1]);
            }

            leaf >>= 1;
        }

        return proof.ToImmutable();
    }

    internal static byte[] Pair(byte[] a, byte[] b) => Keccak.Hash(a.AsSpan().SequenceCompareTo(b) < 0 ? [.. a, .. b] : [.. b, .. a]);
}
