namespace Menuet.Tests.Core;

public sealed class RngBatchTests
{
    [Theory]
    [InlineData(0UL, 0UL, 0UL)]
    [InlineData(7UL, 1UL << 32, 24UL)]
    [InlineData(ulong.MaxValue, ulong.MaxValue - 3, 1UL << 40)]
    public void Streams_AreThoseOfTheGenerator(ulong seed, ulong firstStream, ulong index)
    {
        var batch = new RngBatch();
        batch.Begin(seed + 1, firstStream, index);
        batch.Stream(3).NextUInt64();
        batch.Begin(seed, firstStream, index);
        for (var stream = 0; stream < RngBatch.Streams; stream++)
        {
            var (expected, found) = (Rng.Stream(seed, unchecked(firstStream + (ulong)stream), index), batch.Stream(stream));
            for (var i = 0; i < 30; i++)
            {
                Assert.Equal(expected.NextUInt64(), found.NextUInt64());
                Assert.Equal(expected.NextDouble(), found.NextDouble());
                Assert.Equal(expected.NextDoubleOpen(), found.NextDoubleOpen());
                Assert.Equal(expected.NextInt(i + 1), found.NextInt(i + 1));
            }
        }
    }

    [Fact]
    public void WholeNumber_DrawnAgain_IsThatOfTheGenerator()
    {
        var batch = new RngBatch();
        batch.Begin(4, 16, 8);
        var (expected, found) = (Rng.Stream(4, 21, 8), batch.Stream(5));
        for (var i = 1; i < 30; i++)
        {
            found.NextUInt64();
            Assert.Equal(expected.NextInt(i), found.Again(i));
            Assert.Equal(expected.NextUInt64(), found.NextUInt64());
        }
    }
}
