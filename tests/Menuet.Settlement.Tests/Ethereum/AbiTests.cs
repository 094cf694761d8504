using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Menuet.Settlement.Ethereum;

namespace Menuet.Settlement.Tests.Ethereum;

/// <summary>The examples of the Solidity documentation, "Contract ABI Specification", and what malformed data does.</summary>
public sealed class AbiTests
{
    [Theory]
    [InlineData("baz(uint32,bool)", "0xcdcd77c0")]
    [InlineData("bar(bytes3[2])", "0xfce353f6")]
    [InlineData("sam(bytes,bool,uint256[])", "0xa5643bf2")]
    [InlineData("f(uint256,uint32[],bytes10,bytes)", "0x8be65246")]
    [InlineData("g(uint256[][],string[])", "0x2289b18c")]
    public void Selectors(string signature, string selector) => Assert.Equal(selector, Hex.Of(Abi.Selector(signature)));

    [Fact]
    public void StaticValues() => Check(
        ["uint32", "bool"], [(BigInteger)69, true],
        "0000000000000000000000000000000000000000000000000000000000000045 0000000000000000000000000000000000000000000000000000000000000001");

    [Fact]
    public void FixedArrays() => Check(
        ["bytes3[2]"], [new object[] { "abc"u8.ToArray(), "def"u8.ToArray() }],
        "6162630000000000000000000000000000000000000000000000000000000000 6465660000000000000000000000000000000000000000000000000000000000");

    [Fact]
    public void DynamicValues() => Check(
        ["bytes", "bool", "uint256[]"], ["dave"u8.ToArray(), true, new object[] { BigInteger.One, (BigInteger)2, (BigInteger)3 }],
        """
        0000000000000000000000000000000000000000000000000000000000000060 0000000000000000000000000000000000000000000000000000000000000001
        00000000000000000000000000000000000000000000000000000000000000a0 0000000000000000000000000000000000000000000000000000000000000004
        6461766500000000000000000000000000000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000003
        0000000000000000000000000000000000000000000000000000000000000001 0000000000000000000000000000000000000000000000000000000000000002
        0000000000000000000000000000000000000000000000000000000000000003
        """);

    [Fact]
    public void MixedValues() => Check(
        ["uint256", "uint32[]", "bytes10", "bytes"],
        [(BigInteger)0x123, new object[] { (BigInteger)0x456, (BigInteger)0x789 }, "1234567890"u8.ToArray(), "Hello, world!"u8.ToArray()],
        """
        0000000000000000000000000000000000000000000000000000000000000123 0000000000000000000000000000000000000000000000000000000000000080
        3132333435363738393000000000000000000000000000000000000000000000 00000000000000000000000000000000000000000000000000000000000000e0
        0000000000000000000000000000000000000000000000000000000000000002 0000000000000000000000000000000000000000000000000000000000000456
        0000000000000000000000000000000000000000000000000000000000000789 000000000000000000000000000000000000000000000000000000000000000d
        48656c6c6f2c20776f726c642100000000000000000000000000000000000000
        """);

    [Fact]
    public void NestedDynamicValues() => Check(
        ["uint256[][]", "string[]"],
        [new object[] { new object[] { BigInteger.One, (BigInteger)2 }, new object[] { (BigInteger)3 } }, new object[] { "one", "two", "three" }],
        """
        0000000000000000000000000000000000000000000000000000000000000040 0000000000000000000000000000000000000000000000000000000000000140
        0000000000000000000000000000000000000000000000000000000000000002 0000000000000000000000000000000000000000000000000000000000000040
        00000000000000000000000000000000000000000000000000000000000000a0 0000000000000000000000000000000000000000000000000000000000000002
        0000000000000000000000000000000000000000000000000000000000000001 0000000000000000000000000000000000000000000000000000000000000002
        0000000000000000000000000000000000000000000000000000000000000001 0000000000000000000000000000000000000000000000000000000000000003
        0000000000000000000000000000000000000000000000000000000000000003 0000000000000000000000000000000000000000000000000000000000000060
        00000000000000000000000000000000000000000000000000000000000000a0 00000000000000000000000000000000000000000000000000000000000000e0
        0000000000000000000000000000000000000000000000000000000000000003 6f6e650000000000000000000000000000000000000000000000000000000000
        0000000000000000000000000000000000000000000000000000000000000003 74776f0000000000000000000000000000000000000000000000000000000000
        0000000000000000000000000000000000000000000000000000000000000005 7468726565000000000000000000000000000000000000000000000000000000
        """);

    [Fact]
    public void SignedValues() => Check(
        ["int8", "int256"], [(BigInteger)(-1), -(BigInteger.One << 255)],
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 8000000000000000000000000000000000000000000000000000000000000000");

    [Theory]
    [InlineData("uint8", "0000000000000000000000000000000000000000000000000000000000000100")]
    [InlineData("bool", "0000000000000000000000000000000000000000000000000000000000000002")]
    [InlineData("address", "0000000000000000000000010000000000000000000000000000000000000000")]
    [InlineData("bytes3", "6162630000000000000000000000000000000000000000000000000000000001")]
    [InlineData("int8", "0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("uint256", "00000000000000000000000000000000000000000000000000000000000001")]
    [InlineData("bytes", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("uint256[]", "0000000000000000000000000000000000000000000000000000000000000020ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("bytes", "00000000000000000000000000000000000000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000021")]
    [InlineData("string", "00000000000000000000000000000000000000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000001ff00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("uint256[]", "")]
    public void MalformedData_IsRefused(string type, string data) =>
        Assert.Throws<FormatException>(() => Abi.Decode(AbiType.ParseAll([type]), Convert.FromHexString(data)));

    [Fact]
    public void AnyBytes_AreDecodedOrRefused_AndNothingElse() => Prop.ForAll<byte[], byte>((data, which) =>
    {
        string[] types = ["uint256[]", "string", "bytes", "address[]", "bytes32", "bool", "uint256[2]", "bytes[]"];
        var words = data.Concat(new byte[32 * (which % 5)]).ToArray();
        try
        {
            var type = AbiType.ParseAll([types[which % types.Length]]);
            Assert.Single(Abi.Decode(type, words));
        }
        catch (FormatException)
        {
            return;
        }
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("uint7")]
    [InlineData("uint264")]
    [InlineData("bytes33")]
    [InlineData("uint256[0]")]
    [InlineData("tuple")]
    [InlineData("]")]
    [InlineData("")]
    public void UnknownTypes_AreRefused(string type) => Assert.Throws<FormatException>(() => AbiType.Parse(type));

    [Fact]
    public void ValuesBeyondTheirType_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => Abi.Encode(["uint8"], (BigInteger)256));
        Assert.Throws<ArgumentException>(() => Abi.Encode(["uint256"], BigInteger.MinusOne));
        Assert.Throws<ArgumentException>(() => Abi.Encode(["int8"], (BigInteger)128));
        Assert.Throws<ArgumentException>(() => Abi.Encode(["address"], new byte[19]));
        Assert.Throws<ArgumentException>(() => Abi.Encode(["uint256[2]"], [new object[] { BigInteger.One }]));
        Assert.Throws<ArgumentException>(() => Abi.Encode(["uint256", "bool"], BigInteger.One));
    }

    [Fact]
    public void Errors_AreDecoded()
    {
        var error = ContractAbi.RewardDistributor.Error([.. Abi.Selector("Insolvent(uint256,uint256)"), .. Abi.Encode(["uint256", "uint256"], (BigInteger)5, (BigInteger)3)], "");
        Assert.Equal("the contract refused: Insolvent(5, 3)", error.Message);
        Assert.Equal("Error", ContractAbi.RewardDistributor.Error([.. Convert.FromHexString("08c379a0"), .. Abi.Encode(["string"], "no")], "").Error);
        Assert.Equal("Panic", ContractAbi.RewardDistributor.Error([.. Convert.FromHexString("4e487b71"), .. Abi.Encode(["uint256"], (BigInteger)17)], "").Error);
        Assert.Equal("Insolvent", ContractAbi.RewardDistributor.Error(Abi.Selector("Insolvent(uint256,uint256)"), "").Error);
        Assert.Equal("the node's words", ContractAbi.RewardDistributor.Error(null, "the node's words").Error);
    }

    private static void Check(string[] types, object[] values, string words)
    {
        var expected = string.Concat(words.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries));
        var parsed = AbiType.ParseAll(types);
        var encoded = Abi.Encode(parsed, [.. values]);
        Assert.Equal(expected, Convert.ToHexStringLower(encoded));
        Assert.Equal(encoded, Abi.Encode(parsed, Abi.Decode(parsed, encoded)));
    }
}
