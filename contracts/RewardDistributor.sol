// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Pays creators the rewards that a posted menu sets for judged quality, each once.
/// @notice A round is opened in full cover against a menu that was committed to before; creators then take their rewards
/// themselves, so that one who refuses money blocks nobody. A mistaken round can be cancelled until its first withdrawal.
/// @dev Wen et al. 2025, Sec. 5.3: owner, id to address, evaluation and reward per id, owner-only distribution, a reentrancy lock and
/// a paid-once flag. Added: pull payments, batches, Merkle rounds, two-step ownership, pause, cover, cancellation, and the
/// commitment to the menu, by which the contract itself refuses a reward that the menu does not give.
contract RewardDistributor {
    /// @notice What a creator earned in a round. One storage slot.
    struct Payment {
        uint80 reward; // wei
        uint64 evaluation; // millionths of a quality point
        uint16 item; // of the menu, from 0
        bool credited;
        bool withdrawn;
    }

    enum State {
        None,
        Filling, // credits may be added, nothing withdrawn
        Open, // all credited
        Merkle, // open, rewards are under a root
        Cancelled
    }

    /// @notice A round's sums. One storage slot.
    struct Sums {
        uint80 total; // wei covered
        uint80 credited; // wei credited so far
        uint80 withdrawn; // wei taken by creators
        State state;
    }

    struct Round {
        Sums sums;
        bytes32 menu;
        bytes32 content; // Merkle root over all payments
    }

    uint256 private constant MAX_AMOUNT = type(uint80).max;

    address public owner;
    address public pendingOwner;
    bool public paused;
    bool private transient locked;
    /// @notice Wei that belong to creators.
    uint256 public reserved;

    mapping(uint256 id => address payee) public idToAddress;
    /// @notice The block in which a menu was committed to; 0 for one that was not.
    mapping(bytes32 menu => uint256 blockNumber) public menuBlock;
    mapping(bytes32 round => Round) private _rounds;
    mapping(bytes32 round => mapping(uint256 id => Payment)) private _payments;
    /// @dev Ids claimed in Merkle rounds, 256 to a slot.
    mapping(bytes32 round => mapping(uint256 word => uint256)) private _claimed;

    event OwnershipOffered(address indexed owner, address indexed pendingOwner);
    event OwnershipTransferred(address indexed previousOwner, address indexed owner);
    event PausedSet(bool paused);
    event Deposited(address indexed from, uint256 amount);
    event SurplusTaken(address indexed to, uint256 amount);
    event AddressSet(uint256 indexed id, address indexed payee);
    event MenuCommitted(bytes32 indexed menu, uint256[] qualities, uint256[] rewards);
    event RoundOpened(bytes32 indexed round, bytes32 indexed menu, bytes32 content, uint256 total, bool merkle);
    event Credited(bytes32 indexed round, uint256 indexed id, uint256 item, uint256 evaluation, uint256 reward);
    event RoundCancelled(bytes32 indexed round, uint256 total);
    event Withdrawn(bytes32 indexed round, uint256 indexed id, address indexed payee, uint256 reward);

    error NotOwner(address caller);
    error NotPendingOwner(address caller);
    error NotPayee(uint256 id, address caller);
    error IsPaused();
    error Reentered();
    error ZeroAddress();
    error AddressAlreadySet(uint256 id, address payee);
    error NoAddress(uint256 id);
    error LengthMismatch();
    error Empty();
    error MenuUnknown(bytes32 menu);
    error MenuAlreadyCommitted(bytes32 menu);
    error ItemUnknown(uint256 item);
    error EvaluationTooLow(uint256 id, uint256 evaluation, uint256 quality);
    error ZeroReward(uint256 id);
    error AmountTooLarge(uint256 amount);
    error RoundExists(bytes32 round);
    error RoundNotIn(bytes32 round, State state);
    error AlreadyCredited(bytes32 round, uint256 id);
    error AlreadyPaid(bytes32 round, uint256 id);
    error NotCredited(bytes32 round, uint256 id);
    error ExceedsRound(bytes32 round, uint256 total);
    error Insolvent(uint256 needed, uint256 free);
    error WrongProof(bytes32 round, uint256 id);
    error RoundStarted(bytes32 round, uint256 withdrawn);
    error SendFailed(address payee, uint256 amount);

    modifier onlyOwner() {
        require(msg.sender == owner, NotOwner(msg.sender));
        _;
    }

    modifier whenRunning() {
        require(!paused, IsPaused());
        _;
    }

    modifier nonReentrant() {
        require(!locked, Reentered());
        locked = true;
        _;
        locked = false;
    }

    constructor() {
        owner = msg.sender;
        emit OwnershipTransferred(address(0), msg.sender);
    }

    // Owner and pause

    /// @notice Offers ownership; nothing changes until the other side accepts.
    function transferOwnership(address to) external onlyOwner {
        pendingOwner = to;
        emit OwnershipOffered(msg.sender, to);
    }

    function acceptOwnership() external {
        require(msg.sender == pendingOwner, NotPendingOwner(msg.sender));
        emit OwnershipTransferred(owner, msg.sender);
        owner = msg.sender;
        pendingOwner = address(0);
    }

    /// @notice While paused no round is opened or filled and nothing is withdrawn; cancelling stays possible.
    function setPaused(bool on) external onlyOwner {
        paused = on;
        emit PausedSet(on);
    }

    // Money in, and money that belongs to nobody out

    receive() external payable {
        emit Deposited(msg.sender, msg.value);
    }

    /// @notice Wei that cover no round yet.
    function free() public view returns (uint256) {
        return address(this).balance - reserved;
    }

    function takeSurplus(address payable to, uint256 amount) external onlyOwner nonReentrant {
        require(to != address(0), ZeroAddress());
        require(amount <= free(), Insolvent(amount, free()));
        emit SurplusTaken(to, amount);
        _send(to, amount);
    }

    // Who is who, and what is promised

    /// @notice Names the addresses of ids. Final for the owner: only the holder can move an id later, so that nobody else can
    /// redirect a reward. The same address again is no error.
    function setAddresses(uint256[] calldata ids, address[] calldata payees) external onlyOwner {
        require(ids.length == payees.length, LengthMismatch());
        for (uint256 i = 0; i < ids.length; ++i) {
            address known = idToAddress[ids[i]];
            if (known == payees[i] && known != address(0)) continue;
            require(known == address(0), AddressAlreadySet(ids[i], known));
            require(payees[i] != address(0), ZeroAddress());
            idToAddress[ids[i]] = payees[i];
            emit AddressSet(ids[i], payees[i]);
        }
    }

    /// @notice The holder of an id moves it to another address, with every reward not yet withdrawn.
    function moveAddress(uint256 id, address to) external {
        require(msg.sender == idToAddress[id], NotPayee(id, msg.sender));
        require(to != address(0), ZeroAddress());
        idToAddress[id] = to;
        emit AddressSet(id, to);
    }

    /// @notice The name of a menu: what is committed to.
    function menuHash(uint256[] calldata qualities, uint256[] calldata rewards) public pure returns (bytes32) {
        return keccak256(abi.encode(qualities, rewards));
    }

    /// @notice Commits to a menu, in public: item k asks for quality k and gives reward k.
    function commitMenu(uint256[] calldata qualities, uint256[] calldata rewards) external onlyOwner {
        require(qualities.length == rewards.length, LengthMismatch());
        require(qualities.length != 0, Empty());
        bytes32 menu = menuHash(qualities, rewards);
        require(menuBlock[menu] == 0, MenuAlreadyCommitted(menu));
        menuBlock[menu] = block.number;
        emit MenuCommitted(menu, qualities, rewards);
    }

    // Rounds

    /// @notice Opens and fills a round in one transaction.
    function distribute(
        bytes32 round,
        bytes32 content,
        uint256 total,
        uint256[] calldata qualities,
        uint256[] calldata rewards,
        uint256[] calldata ids,
        uint256[] calldata items,
        uint256[] calldata evaluations
    ) external onlyOwner whenRunning {
        _open(round, menuHash(qualities, rewards), content, total, State.Filling);
        _credit(round, qualities, rewards, ids, items, evaluations);
        require(_rounds[round].sums.state == State.Open, ExceedsRound(round, total));
    }

    /// @notice Opens a round that several calls of credit fill. Its money is set aside at once.
    function openRound(bytes32 round, bytes32 menu, bytes32 content, uint256 total) external onlyOwner whenRunning {
        _open(round, menu, content, total, State.Filling);
    }

    /// @notice Adds credits to a round being filled; it opens for withdrawals when all its money is credited.
    function credit(
        bytes32 round,
        uint256[] calldata qualities,
        uint256[] calldata rewards,
        uint256[] calldata ids,
        uint256[] calldata items,
        uint256[] calldata evaluations
    ) external onlyOwner whenRunning {
        require(_rounds[round].menu == menuHash(qualities, rewards), MenuUnknown(menuHash(qualities, rewards)));
        _credit(round, qualities, rewards, ids, items, evaluations);
    }

    /// @notice Opens a round whose payments stand under a Merkle root; each payee claims with a proof.
    function openMerkleRound(bytes32 round, bytes32 menu, bytes32 root, uint256 total) external onlyOwner whenRunning {
        _open(round, menu, root, total, State.Merkle);
    }

    /// @notice Undoes a round from which nothing was withdrawn. Its name stays used.
    function cancelRound(bytes32 round) external onlyOwner {
        Sums storage sums = _rounds[round].sums;
        State state = sums.state;
        require(state != State.None && state != State.Cancelled, RoundNotIn(round, state));
        require(sums.withdrawn == 0, RoundStarted(round, sums.withdrawn));
        sums.state = State.Cancelled;
        reserved -= sums.total;
        emit RoundCancelled(round, sums.total);
    }

    // Creators

    /// @notice The holder of an id takes its rewards of several rounds at once.
    function withdraw(uint256 id, bytes32[] calldata rounds_) external whenRunning nonReentrant {
        require(msg.sender == idToAddress[id], NotPayee(id, msg.sender));
        uint256 sum = 0;
        for (uint256 i = 0; i < rounds_.length; ++i) {
            bytes32 round = rounds_[i];
            Sums storage sums = _rounds[round].sums;
            require(sums.state == State.Open, RoundNotIn(round, sums.state));
            Payment storage payment = _payments[round][id];
            require(payment.credited, NotCredited(round, id));
            require(!payment.withdrawn, AlreadyPaid(round, id));
            payment.withdrawn = true;
            sums.withdrawn += payment.reward;
            sum += payment.reward;
            emit Withdrawn(round, id, msg.sender, payment.reward);
        }
        reserved -= sum;
        _send(payable(msg.sender), sum);
    }

    /// @notice The payee of a leaf takes its reward of a Merkle round.
    function claim(bytes32 round, uint256 id, uint256 item, uint256 evaluation, uint256 reward, bytes32[] calldata proof)
        external
        whenRunning
        nonReentrant
    {
        Sums storage sums = _rounds[round].sums;
        require(sums.state == State.Merkle, RoundNotIn(round, sums.state));
        uint256 bit = 1 << (id & 0xff);
        require(_claimed[round][id >> 8] & bit == 0, AlreadyPaid(round, id));
        bytes32 node = leaf(round, id, msg.sender, item, evaluation, reward);
        for (uint256 i = 0; i < proof.length; ++i) {
            node = node < proof[i] ? _pair(node, proof[i]) : _pair(proof[i], node);
        }
        require(node == _rounds[round].content, WrongProof(round, id));
        // A root over more than was covered must not reach other rounds' money.
        require(reward <= sums.total - sums.withdrawn, ExceedsRound(round, sums.total));
        _claimed[round][id >> 8] |= bit;
        sums.withdrawn += uint80(reward);
        reserved -= reward;
        emit Withdrawn(round, id, msg.sender, reward);
        _send(payable(msg.sender), reward);
    }

    // Reading

    function roundOf(bytes32 round)
        external
        view
        returns (State state, bytes32 menu, bytes32 content, uint256 total, uint256 credited, uint256 withdrawn)
    {
        Round storage r = _rounds[round];
        return (r.sums.state, r.menu, r.content, r.sums.total, r.sums.credited, r.sums.withdrawn);
    }

    function paymentOf(bytes32 round, uint256 id)
        external
        view
        returns (bool credited, bool withdrawn, uint256 item, uint256 evaluation, uint256 reward)
    {
        Payment storage p = _payments[round][id];
        bool claimed = _claimed[round][id >> 8] & (1 << (id & 0xff)) != 0;
        return (p.credited, p.withdrawn || claimed, p.item, p.evaluation, p.reward);
    }

    /// @notice Which of the ids are credited in a round; for a sender that lost count.
    function creditedOf(bytes32 round, uint256[] calldata ids) external view returns (bool[] memory credited) {
        credited = new bool[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            credited[i] = _payments[round][ids[i]].credited;
        }
    }

    function addressesOf(uint256[] calldata ids) external view returns (address[] memory payees) {
        payees = new address[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            payees[i] = idToAddress[ids[i]];
        }
    }

    /// @notice A payment's leaf, hashed twice so that no inner node of the tree can pass for one.
    function leaf(bytes32 round, uint256 id, address payee, uint256 item, uint256 evaluation, uint256 reward)
        public
        pure
        returns (bytes32)
    {
        return keccak256(bytes.concat(keccak256(abi.encode(round, id, payee, item, evaluation, reward))));
    }

    // Inside

    function _open(bytes32 round, bytes32 menu, bytes32 content, uint256 total, State state) private {
        require(menuBlock[menu] != 0, MenuUnknown(menu));
        require(total != 0, Empty());
        require(total <= MAX_AMOUNT, AmountTooLarge(total));
        Round storage r = _rounds[round];
        require(r.sums.state == State.None, RoundExists(round));
        require(total <= free(), Insolvent(total, free()));
        reserved += total;
        r.sums = Sums(uint80(total), 0, 0, state);
        r.menu = menu;
        r.content = content;
        emit RoundOpened(round, menu, content, total, state == State.Merkle);
    }

    function _credit(
        bytes32 round,
        uint256[] calldata qualities,
        uint256[] calldata rewards,
        uint256[] calldata ids,
        uint256[] calldata items,
        uint256[] calldata evaluations
    ) private {
        require(ids.length == items.length && ids.length == evaluations.length, LengthMismatch());
        require(ids.length != 0, Empty());
        Sums memory sums = _rounds[round].sums;
        require(sums.state == State.Filling, RoundNotIn(round, sums.state));
        mapping(uint256 => Payment) storage payments = _payments[round];
        uint256 credited = sums.credited;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = ids[i];
            uint256 item = items[i];
            uint256 evaluation = evaluations[i];
            require(item < rewards.length && item <= type(uint16).max, ItemUnknown(item));
            require(evaluation >= qualities[item], EvaluationTooLow(id, evaluation, qualities[item]));
            require(evaluation <= type(uint64).max, AmountTooLarge(evaluation));
            uint256 reward = rewards[item];
            require(reward != 0, ZeroReward(id));
            require(reward <= MAX_AMOUNT, AmountTooLarge(reward));
            require(!payments[id].credited, AlreadyCredited(round, id));
            require(idToAddress[id] != address(0), NoAddress(id));
            payments[id] = Payment(uint80(reward), uint64(evaluation), uint16(item), true, false);
            credited += reward;
            emit Credited(round, id, item, evaluation, reward);
        }
        require(credited <= sums.total, ExceedsRound(round, sums.total));
        sums.credited = uint80(credited);
        if (credited == sums.total) sums.state = State.Open;
        _rounds[round].sums = sums;
    }

    function _send(address payable to, uint256 amount) private {
        (bool sent,) = to.call{value: amount}("");
        require(sent, SendFailed(to, amount));
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return keccak256(bytes.concat(a, b));
    }
}
