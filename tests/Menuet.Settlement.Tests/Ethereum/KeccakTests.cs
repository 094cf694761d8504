using Menuet.Settlement.Ethereum;
using Menuet.Settlement.Tests.Servers;

namespace Menuet.Settlement.Tests.Ethereum;

[Collection(SharedNode.Name)]
public sealed class KeccakTests(AnvilServer node)
{
    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    [InlineData("The quick brown fox jumps over the lazy dog", "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15")]
    [InlineData("Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef")]
    public void PublishedVectors(string text, string hash) => Assert.Equal(hash, Convert.ToHexStringLower(Keccak.Hash(text)));

    [AnvilFact]
    public async Task EveryLengthAroundTheBlock_AgreesWithTheNode()
    {
        foreach (var length in new[] { 1, 55, 134, 135, 136, 137, 271, 272, 273, 1000 })
        {
            var data = Enumerable.Range(0, length).Select(i => (byte)(i * 7)).ToArray();
            Assert.Equal((await node.Rpc.SendAsync("web3_sha3", default, data)).GetString(), Hex.Of(Keccak.Hash(data)));
        }
    }

    [Theory]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359")]
    [InlineData("0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB")]
    [InlineData("0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb")]
    [InlineData("0x52908400098527886E0F7030069857D2E4169EE7")]
    [InlineData("0xde709f2102306220921060314715629080e2fb77")]
    public void Checksums_AreThoseOfEip55(string address)
    {
        Assert.True(Distributor.IsAddress(address));
        Assert.Equal(address, Distributor.Checksummed(Distributor.Lower(address)));
        Assert.True(Distributor.IsAddress(Distributor.Lower(address)));
    }

    [Theory]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")]
    [InlineData("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe")]
    [InlineData("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg")]
    public void WrongAddresses_AreRefused(string address) => Assert.False(Distributor.IsAddress(address));
}
