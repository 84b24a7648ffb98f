export * from './procedures/index.js';
export { scheduledRotation } from './scheduled-rotation.js';
export { verifyInForce } from './verification.js';
