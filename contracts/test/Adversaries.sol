// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RewardDistributor} from "../RewardDistributor.sol";

/// @notice A payee that, while it is paid, tries to be paid again: by the same call, by another round, and by a claim.
contract Reenterer {
    RewardDistributor private immutable distributor;
    uint256 private id;
    bytes32[] private rounds;
    uint256 public attempts;
    uint256 public successes;

    constructor(RewardDistributor target) {
        distributor = target;
    }

    function attack(uint256 id_, bytes32[] calldata first, bytes32[] calldata then) external {
        id = id_;
        rounds = then;
        distributor.withdraw(id_, first);
    }

    receive() external payable {
        attempts++;
        try distributor.withdraw(id, rounds) {
            successes++;
        } catch {}
        try distributor.claim(rounds[0], id, 0, 0, 1, new bytes32[](0)) {
            successes++;
        } catch {}
    }
}

/// @notice A payee that takes no money until it is told to, and can move its id elsewhere.
contract Refuser {
    RewardDistributor private immutable distributor;

    constructor(RewardDistributor target) {
        distributor = target;
    }

    function withdraw(uint256 id, bytes32[] calldata rounds) external {
        distributor.withdraw(id, rounds);
    }

    function move(uint256 id, address to) external {
        distributor.moveAddress(id, to);
    }

    receive() external payable {
        revert("refused");
    }
}

/// @notice Forces money on an address that did not ask for it.
contract Dust {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}

/// @notice The contract of Wen et al. 2025, Sec. 5.3, as far as it is described: the baseline of the gas table, and what refusing payees block.
contract PushDistributor {
    address public immutable owner = msg.sender;
    bool private locked;
    mapping(uint256 id => address payee) public idToAddress;
    mapping(uint256 id => uint256) public evaluationOf;
    mapping(uint256 id => uint256) public rewardOf;
    mapping(uint256 id => bool) public paid;

    event Paid(uint256 indexed id, address indexed recipient, uint256 evaluation, uint256 reward);

    modifier onlyOwner() {
        require(msg.sender == owner, "not owner");
        _;
    }

    modifier lock() {
        require(!locked, "locked");
        locked = true;
        _;
        locked = false;
    }

    receive() external payable {}

    function setAddresses(uint256[] calldata ids, address[] calldata payees) external onlyOwner {
        for (uint256 i = 0; i < ids.length; ++i) idToAddress[ids[i]] = payees[i];
    }

    function distribute(uint256 id, uint256 evaluation, uint256 reward) external onlyOwner lock {
        _distribute(id, evaluation, reward);
    }

    function distributeAll(uint256[] calldata ids, uint256[] calldata evaluations, uint256[] calldata rewards) external onlyOwner lock {
        for (uint256 i = 0; i < ids.length; ++i) _distribute(ids[i], evaluations[i], rewards[i]);
    }

    function _distribute(uint256 id, uint256 evaluation, uint256 reward) private {
        require(!paid[id], "already paid");
        paid[id] = true;
        evaluationOf[id] = evaluation;
        rewardOf[id] = reward;
        payable(idToAddress[id]).transfer(reward);
        emit Paid(id, idToAddress[id], evaluation, reward);
    }
}
